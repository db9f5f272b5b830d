// A dialog that tries something as soon as it is opened, says how that went, and can try it again.
import { html, names, useEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { reason } from "./toast.js";

/**
 * `attempt()` returns {good, verdict, text, more}: a word or two, what the device says, and what else there is to see.
 * Where it throws, `failed` is the verdict. `again` is on the button, `underWay` is said meanwhile.
 */
export const Trial = ({ title, attempt, failed, again, underWay, close }) => {
  const [found, setFound] = useState(null);
  const there = useRef(true);
  const run = async () => {
    setFound(null);
    const next = await attempt().catch((error) => ({ good: false, verdict: failed, text: reason(error) }));
    if (there.current) setFound(next);
  };
  useEffect(() => {
    run();
    return () => (there.current = false);
  }, []);
  return html`
    <${Dialog}
      title=${title}
      close=${close}
      actions=${html`
        <${Button} icon="reload" disabled=${!found} act=${run}>${again}<//>
        <${Button} kind="main" act=${close}>${t("shell.close")}<//>
      `}
    >
      <div role="status" aria-busy=${!found}>
        ${found
          ? html`
              <p class=${names("verdict", found.good ? "yes" : "no")} data-good=${String(found.good)}>
                <strong>${found.verdict}</strong>${" "}
                <span lang="en">${found.text}</span>
              </p>
              ${found.more}
            `
          : html`<p class="under-way"><span class="spinner" />${underWay}</p>`}
      </div>
    <//>
  `;
};
