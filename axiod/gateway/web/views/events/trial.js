// A test of a recipient: it runs as soon as this is opened, and says how it went.
import { html, names, useEffect, useRef, useState } from "../../lib.js";
import { act } from "../../api.js";
import { t } from "../../i18n.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { reason } from "../../parts/toast.js";

// The device gives up before that.
const WITHIN_MS = 70_000;

export const Trial = ({ one, close }) => {
  const [found, setFound] = useState(null);
  const there = useRef(true);
  const run = async () => {
    setFound(null);
    let next;
    try {
      const { Reached, Text } = await act("recipients", one.Id, "test", {}, WITHIN_MS);
      next = { reached: Reached, text: Text };
    } catch (error) {
      next = { reached: false, text: reason(error) };
    }
    if (there.current) setFound(next);
  };
  useEffect(() => {
    run();
    return () => (there.current = false);
  }, []);
  return html`
    <${Dialog}
      title=${t("recipients.test-of", { name: one.Name })}
      close=${close}
      actions=${html`
        <${Button} icon="reload" disabled=${!found} act=${run}>${t("recipients.test-again")}<//>
        <${Button} kind="main" act=${close}>${t("shell.close")}<//>
      `}
    >
      <div role="status" aria-busy=${!found}>
        ${found
          ? html`
              <p class=${names("verdict", found.reached ? "yes" : "no")} data-reached=${String(found.reached)}>
                <strong>${t(found.reached ? "recipients.reached" : "recipients.not-reached")}</strong>${" "}
                <span lang="en">${found.text}</span>
              </p>
            `
          : html`<p class="under-way"><span class="spinner" />${t("recipients.testing")}</p>`}
      </div>
    <//>
  `;
};
