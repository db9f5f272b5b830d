// Buttons that say what became of them: busy while it is under way, and a toast when it was refused.
import { html, names, useState } from "../lib.js";
import { Icon } from "./icon.js";
import { refused } from "./toast.js";

/**
 * `act`: what it does; it may be async, and what it raises is shown. `kind`: "main", "danger", "quiet" or nothing.
 * `icon` alone needs `label`, which is what a screen reader says.
 */
export const Button = ({ act, kind, icon, label, small, disabled, type = "button", children, ...more }) => {
  const [busy, setBusy] = useState(false);
  const pressed = async (event) => {
    if (busy) return;
    const done = act?.(event);
    if (!(done instanceof Promise)) return;
    setBusy(true);
    try {
      await done;
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
    }
  };
  return html`
    <button
      type=${type}
      class=${names("button", kind, small && "small", !children && "bare")}
      aria-label=${label}
      title=${children ? undefined : label}
      aria-busy=${busy}
      disabled=${disabled}
      onClick=${pressed}
      ...${more}
    >
      ${busy ? html`<span class="spinner" />` : icon && html`<${Icon} name=${icon} />`}${children}
    </button>
  `;
};

/** A link that looks like a button. */
export const LinkButton = ({ href, kind, icon, children, ...more }) => html`
  <a class=${names("button", kind)} href=${href} ...${more}>${icon && html`<${Icon} name=${icon} />`}${children}</a>
`;
