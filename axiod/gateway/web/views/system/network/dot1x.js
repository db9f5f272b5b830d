// 802.1X and MACsec of one interface: how it stands, and what is shown to the switch.
import { html } from "../../../lib.js";
import { act } from "../../../api.js";
import { t, word } from "../../../i18n.js";
import { fresh, thing } from "../../../store.js";
import { Button } from "../../../parts/button.js";
import { Icon } from "../../../parts/icon.js";
import { Card, Facts, HelpLink } from "../../../parts/page.js";
import { said } from "../../../parts/toast.js";
import { Age, Badge } from "../../../parts/value.js";
import { Form } from "./dot1x-form.js";

const WAIT_MS = 35_000;

export default ({ id }) => {
  const one = thing("dot1x", id).value;
  if (!one) return null;
  const again = async () => {
    await act("dot1x", id, "authenticate", {}, WAIT_MS);
    said(t("dot1x.begun", { name: one.Name }));
  };
  return html`
    <${Card}
      title=${t("dot1x.title", { name: one.Name })}
      icon="lock"
      wide
      old=${!fresh("dot1x")}
      actions=${html`
        ${one.Enabled && html`<${Button} small icon="reload" disabled=${!fresh("dot1x")} act=${again}>${t("dot1x.again")}<//>`}
        <${State} state=${one.State} /> <${HelpLink} page="dot1x" />
      `}
    >
      ${one.Reason &&
      html`
        <div class=${one.State === "refused" ? "problem dot1x-why" : "notice"} role="status">
          <${Icon} name="warn" />
          <p lang="en">${one.Reason}</p>
        </div>
      `}
      <${Facts}
        items=${[
          [t("dot1x.since"), one.SinceUsec && html`<${Age} usec=${one.SinceUsec} />`],
          [t("dot1x.secured-interface"), one.SecuredInterface && html`<code class="live">${one.SecuredInterface}</code>`],
        ]}
      />
      <${Form} id=${id} />
    <//>
  `;
};

const LOOKS = {
  off: {},
  unavailable: { kind: "bad", icon: "warn" },
  connecting: { kind: "warn", icon: "clock" },
  authenticating: { kind: "warn", icon: "clock" },
  secured: { kind: "good", icon: "lock" },
  refused: { kind: "bad", icon: "warn" },
};

const State = ({ state }) => html`<${Badge} ...${LOOKS[state]}>${word("dot1x", state)}<//>`;
