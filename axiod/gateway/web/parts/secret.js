// A secret: it can be set and removed, and nobody is told what it is.
import { html } from "../lib.js";
import { t } from "../i18n.js";
import { PasswordField } from "./field.js";

/**
 * `words`: the section whose texts say what becomes of it. `secrets`: those that were entered, by name; an empty one is to
 * be removed. `there`: the device has one; an empty field leaves it as it is. `hint`: for one that is not there.
 */
export const Secret = ({ words, name, label, hint, error, there, longest = 128, secrets, setSecrets }) => {
  const taken = secrets[name] === "";
  const set = (text) => setSecrets(({ [name]: _, ...others }) => (text === undefined ? others : { ...others, [name]: text }));
  return html`
    <${PasswordField}
      fresh
      maxlength=${longest}
      label=${label}
      hint=${taken ? t(`${words}.secret-taken`) : there ? t(`${words}.secret-there`) : hint}
      error=${error}
      value=${secrets[name] ?? ""}
      set=${(text) => set(text || undefined)}
      note=${there &&
      html`
        <button type="button" class="text-button" onClick=${() => set(taken ? undefined : "")}>
          ${t(`${words}.secret-${taken ? "keep" : "remove"}`)}
        </button>
      `}
    />
  `;
};
