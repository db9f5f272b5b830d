// A view whose code and texts are loaded when it is opened.
import { html, useEffect, useState } from "../lib.js";
import { need, t } from "../i18n.js";
import { Button } from "./button.js";

/** `load()`: imports the module, whose default export is drawn with `given`. `texts`: the section of its texts. */
export const Later = ({ load, texts, given }) => {
  const [shown, setShown] = useState(null);
  useEffect(() => {
    let wanted = true;
    Promise.all([load(), need(texts)]).then(
      ([module]) => wanted && setShown({ View: module.default }),
      (error) => wanted && setShown({ error }),
    );
    return () => (wanted = false);
  }, [texts]);
  if (shown?.error) {
    return html`
      <p class="problem" role="alert">${t("shell.not-loaded")}</p>
      <${Button} act=${() => location.reload()}>${t("shell.again")}<//>
    `;
  }
  return shown && html`<${shown.View} ...${given} />`;
};
