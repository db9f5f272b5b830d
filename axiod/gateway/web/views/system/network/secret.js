// A secret: nobody is told what it is, only that it is set. It can be replaced and removed.
import { html } from "../../../lib.js";
import { t } from "../../../i18n.js";
import { PasswordField } from "../../../parts/field.js";

/** `secrets`: what was entered by name; an empty one is to be removed. `most`: how long it may be. */
export const Secret = ({ section, name, most, form, secrets, setSecrets }) => {
  const there = form.now.Secrets?.includes(name);
  const taken = secrets[name] === "";
  const put = (text) => {
    form.forgive();
    setSecrets(({ [name]: _, ...others }) => (text === undefined ? others : { ...others, [name]: text }));
  };
  return html`
    <${PasswordField}
      fresh
      maxlength=${most}
      label=${t(`${section}.${name}`)}
      hint=${taken ? t("network.secret-taken") : there ? t("network.secret-there") : t(`${section}.${name}-hint`)}
      error=${form.wrong[name]}
      value=${secrets[name] ?? ""}
      set=${(text) => put(text || undefined)}
      note=${there &&
      html`
        <button type="button" class="text-button" onClick=${() => put(taken ? undefined : "")}>
          ${t(taken ? "network.secret-keep" : "network.secret-remove")}
        </button>
      `}
    />
  `;
};
