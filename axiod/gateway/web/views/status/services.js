// The services and how they are.
import { html, names } from "../../lib.js";
import { t, word } from "../../i18n.js";
import { link, services } from "../../store.js";
import { Card } from "../../parts/page.js";
import { Age, Badge } from "../../parts/value.js";

const TONES = { ok: "good", degraded: "warn" };

export const Services = () => {
  const ill = services.value.filter((one) => !one.Available || one.Health !== "ok").length;
  return html`
    <${Card}
      title=${t("status.services")}
      icon="status"
      old=${link.value.state !== "live"}
      actions=${html`<${Badge} kind=${ill ? "warn" : "good"}>${t(ill ? "status.some-ill" : "status.all-well", { count: ill })}<//>`}
    >
      <ul class="services">
        ${services.value.map((one) => html`<${Service} key=${one.Id} one=${one} />`)}
      </ul>
    <//>
  `;
};

const Service = ({ one }) => html`
  <li class=${names(!one.Available && "away")} data-id=${one.Id}>
    <span>
      <strong>${t(`status.service-${one.Id}`)}</strong>
      <span class="muted small-text text">${one.Available ? one.Status : t("status.away")}</span>
    </span>
    <span class="end">
      <${Badge} kind=${one.Available ? TONES[one.Health] ?? "bad" : "bad"}>
        ${one.Available ? word("words", one.Health) : t("status.not-running")}
      <//>
      ${one.Available && html`<span class="muted small-text">${t("status.since")} <${Age} usec=${one.StartedUsec} /></span>`}
    </span>
    ${(one.Problems ?? []).map((problem) => html`<p key=${problem} class="problem text">${problem}</p>`)}
  </li>
`;
