// What happens now.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { to } from "../../router.js";
import { events, service } from "../../store.js";
import { Button, LinkButton } from "../../parts/button.js";
import { EventLine, isTwin } from "../../parts/event.js";
import { Card } from "../../parts/page.js";

const SHOWN = 40;

export const Feed = () => {
  const [held, setHeld] = useState(null);
  const found = (held ?? events.value).filter((event) => !isTwin(event)).slice(0, SHOWN);
  return html`
    <${Card}
      wide
      title=${t("status.feed")}
      icon="events"
      actions=${html`
        ${service("events") && html`<${LinkButton} kind="small" icon="list" href=${to("events", "log")}>${t("status.event-log")}<//>`}
        <${Button} small icon=${held ? "play" : "stop"} act=${() => setHeld(held ? null : events.value)}>
          ${t(held ? "status.go-on" : "status.hold")}
        <//>
      `}
    >
      ${found.length === 0
        ? html`<p class="empty">${t("status.nothing-yet")}</p>`
        : html`<ol class="feed" data-feed>${found.map((event) => html`<li key=${event.key}><${EventLine} event=${event} /></li>`)}</ol>`}
    <//>
  `;
};
