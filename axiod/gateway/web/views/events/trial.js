// A test of a recipient.
import { html } from "../../lib.js";
import { act } from "../../api.js";
import { t } from "../../i18n.js";
import { Trial } from "../../parts/trial.js";

// The device gives up before that.
const WITHIN_MS = 70_000;

export const TestRecipient = ({ one, close }) => {
  const attempt = async () => {
    const { Reached, Text } = await act("recipients", one.Id, "test", {}, WITHIN_MS);
    return { good: Reached, verdict: t(Reached ? "recipients.reached" : "recipients.not-reached"), text: Text };
  };
  return html`
    <${Trial}
      title=${t("recipients.test-of", { name: one.Name })}
      attempt=${attempt}
      failed=${t("recipients.not-reached")}
      again=${t("recipients.test-again")}
      underWay=${t("recipients.testing")}
      close=${close}
    />
  `;
};
