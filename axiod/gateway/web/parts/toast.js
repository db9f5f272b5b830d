// Short messages at the edge of the window, read out by screen readers.
import { html, names, signal } from "../lib.js";
import { has, t } from "../i18n.js";
import { Icon } from "./icon.js";

const SHOWN_MS = 6000;
const MOST = 4;
const shown = signal([]);
let count = 0;

const put = (text, kind) => {
  const id = (count += 1);
  shown.value = [...shown.value, { id, text, kind }].slice(-MOST);
  setTimeout(() => drop(id), kind === "bad" ? 2 * SHOWN_MS : SHOWN_MS);
};

const drop = (id) => {
  shown.value = shown.value.filter((one) => one.id !== id);
};

/** Say that something was done. */
export const said = (text) => put(text, "good");

/** Say why something was not done. */
export const refused = (error) => put(reason(error), "bad");

/** The sentence for a person of whatever was raised. What the device says comes as it is. */
export const reason = (error) => {
  const known = error.kind && `problems.${error.kind === "Unreachable" ? error.detail : error.kind}`;
  if (known && has(known)) return t(known, { names: error.detail, detail: error.detail });
  if (!error.kind) console.error(error);
  return error.detail || error.message || String(error);
};

/** Where they appear. */
export const Toasts = () => html`
  <div class="toasts" role="log" aria-live="polite" aria-label=${t("shell.messages")}>
    ${shown.value.map(
      (one) => html`
        <div key=${one.id} class=${names("toast", one.kind)}>
          <${Icon} name=${one.kind === "bad" ? "warn" : "check"} />
          <p>${one.text}</p>
          <button type="button" class="button bare quiet small" aria-label=${t("shell.close")} onClick=${() => drop(one.id)}>
            <${Icon} name="close" />
          </button>
        </div>
      `,
    )}
  </div>
`;
