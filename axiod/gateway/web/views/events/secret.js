// A password that can be set and never be read.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { PasswordField } from "../../parts/field.js";

/**
 * `secrets`: those that were entered, by name; an empty one is to be removed. `there`: the device has one. An empty field
 * leaves it as it is.
 */
export const Secret = ({ name, label, there, longest = 128, secrets, setSecrets }) => {
  const taken = secrets[name] === "";
  const set = (text) => setSecrets(({ [name]: _, ...others }) => (text === undefined ? others : { ...others, [name]: text }));
  const hint = taken ? t("events.secret-taken") : there ? t("events.secret-there") : undefined;
  return html`
    <${PasswordField}
      fresh
      maxlength=${longest}
      label=${label}
      hint=${hint}
      value=${secrets[name] ?? ""}
      set=${(text) => set(text || undefined)}
      note=${there &&
      html`
        <button type="button" class="text-button" onClick=${() => set(taken ? undefined : "")}>
          ${t(taken ? "events.secret-keep" : "events.secret-remove")}
        </button>
      `}
    />
  `;
};
