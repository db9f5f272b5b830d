// Form fields. Each has a label, and where there is one a hint and what is wrong, which screen readers are told.
import { html, names, useId, useState } from "../lib.js";
import { t, word } from "../i18n.js";
import { Icon } from "./icon.js";

/** A label, what `draw` makes of the attributes that tie it to that, a hint and an error. */
export const Field = ({ label, hint, error, unit, note, draw }) => {
  const id = useId();
  const told = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return html`
    <div class=${names("field", error && "wrong")}>
      <label for=${id}>${label}</label>
      <div class="control">
        ${draw({ id, "aria-describedby": told || undefined, "aria-invalid": error ? "true" : undefined })}
        ${unit && html`<span class="unit">${unit}</span>`}
      </div>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${error && html`<p class="error" id="${id}-error"><${Icon} name="warn" />${error}</p>`}
      ${note}
    </div>
  `;
};

/** A line of text. `set` gets it at each key. */
export const TextField = ({ value, set, label, hint, error, note, type = "text", ...more }) => html`
  <${Field}
    ...${{ label, hint, error, note }}
    draw=${(tied) =>
      html`<input type=${type} value=${value ?? ""} onInput=${(event) => set(event.target.value)} ...${tied} ...${more} />`}
  />
`;

/** Several lines of text. */
export const TextArea = ({ value, set, label, hint, error, note, ...more }) => html`
  <${Field}
    ...${{ label, hint, error, note }}
    draw=${(tied) => html`
      <textarea value=${value ?? ""} onInput=${(event) => set(event.target.value)} ...${tied} ...${more} />
    `}
  />
`;

/** A number; `set` gets a number, or what was typed as long as that is none, so that it can be said that it is wrong. */
export const NumberField = ({ value, set, label, hint, error, note, unit, low, high, whole = true, ...more }) => {
  const typed = (event) => {
    const text = event.target.value;
    set(text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));
  };
  return html`
    <${Field}
      ...${{ label, hint: hint ?? range(low, high), error, note, unit }}
      draw=${(tied) => html`
        <input
          type="text"
          inputmode=${whole ? "numeric" : "decimal"}
          autocomplete="off"
          value=${value ?? ""}
          onInput=${typed}
          ...${tied}
          ...${more}
        />
      `}
    />
  `;
};

const range = (low, high) =>
  low !== undefined && high !== undefined && high < 2 ** 31 ? t("shell.range", { low, high }) : undefined;

/** One of several: `options` are [value, text] pairs. */
export const SelectField = ({ value, set, options, label, hint, error, note, ...more }) => html`
  <${Field}
    ...${{ label, hint, error, note }}
    draw=${(tied) => html`
      <select value=${value} onChange=${(event) => set(event.target.value)} ...${tied} ...${more}>
        ${options.map(([option, text]) => html`<option key=${option} value=${option} selected=${option === value}>${text}</option>`)}
      </select>
    `}
  />
`;

/** Yes or no, of a form that is saved later. What acts at once is a Switch. */
export const CheckField = ({ value, set, label, hint, error, note, ...more }) => {
  const id = useId();
  return html`
    <div class=${names("field check", error && "wrong")}>
      <input
        type="checkbox"
        id=${id}
        checked=${Boolean(value)}
        aria-describedby=${hint ? `${id}-hint` : undefined}
        onChange=${(event) => set(event.target.checked)}
        ...${more}
      />
      <label for=${id}>${label}</label>
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
      ${error && html`<p class="error">${error}</p>`}
      ${note}
    </div>
  `;
};

/** A password, which can be looked at. `fresh`: it is a new one, so the browser offers no old one. */
export const PasswordField = ({ fresh, ...more }) => {
  const [seen, setSeen] = useState(false);
  return html`
    <${TextField}
      type=${seen ? "text" : "password"}
      autocomplete=${fresh ? "new-password" : "current-password"}
      autocapitalize="none"
      spellcheck=${false}
      ...${more}
      note=${html`
        <button type="button" class="text-button" aria-pressed=${seen} onClick=${() => setSeen(!seen)}>
          ${t(seen ? "shell.hide-password" : "shell.show-password")}
        </button>
        ${more.note}
      `}
    />
  `;
};

/** [value, text] pairs of words of the contract, for SelectField. */
export const choices = (section, values) => values.map((value) => [value, word(section, value)]);
