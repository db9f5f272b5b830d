// Dialogs: the browser's own <dialog>, which keeps the focus in. It is given back here: Chromium does not, when the
// dialog is taken from the page.
import { html, names, signal, useEffect, useId, useRef } from "../lib.js";
import { t } from "../i18n.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

/** A dialog that is open as long as it is drawn. `close` is called when its user leaves it. */
export const Dialog = ({ title, close, wide, children, actions }) => {
  const place = useRef();
  const id = useId();
  useEffect(() => {
    const dialog = place.current;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      before?.focus();
    };
  }, []);
  const pressed = (event) => event.target === place.current && event.pointerType === "mouse" && close();
  return html`
    <dialog
      ref=${place}
      class=${names("dialog", wide && "wide")}
      aria-labelledby=${id}
      onCancel=${(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown=${pressed}
    >
      <header>
        <h2 id=${id}>${title}</h2>
        <button type="button" class="button bare quiet" aria-label=${t("shell.close")} onClick=${close}>
          <${Icon} name="close" />
        </button>
      </header>
      <div class="content">${children}</div>
      ${actions && html`<footer>${actions}</footer>`}
    </dialog>
  `;
};

const asked = signal(null);

/**
 * Ask before something that cannot be undone, and return whether it shall be done. `text` names the thing; `action` is
 * what the button says ("Remove").
 */
export const confirm = ({ title, text, action, danger = true }) =>
  new Promise((resolve) => {
    const answer = (yes) => {
      asked.value = null;
      resolve(yes);
    };
    asked.value = { title, text, action, danger, answer };
  });

/** Where questions appear. */
export const Questions = () => {
  if (!asked.value) return null;
  const { title, text, action, danger, answer } = asked.value;
  return html`
    <${Dialog}
      title=${title}
      close=${() => answer(false)}
      actions=${html`
        <${Button} act=${() => answer(false)}>${t("shell.cancel")}<//>
        <${Button} kind=${danger ? "danger" : "main"} act=${() => answer(true)}>${action}<//>
      `}
    >
      <p>${text}</p>
    <//>
  `;
};
