// Schedules: intervals and pulses that recur, for the conditions of rules.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { can } from "../../session.js";
import { go, to } from "../../router.js";
import { all, fresh, only } from "../../store.js";
import { LinkButton } from "../../parts/button.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { Badge, moment } from "../../parts/value.js";
import { Schedule } from "./schedule.js";
import { scheduleText } from "./schedule-text.js";
import { Strip } from "./week.js";

export default ({ path: [id] }) => (id === undefined ? html`<${List} />` : html`<${Schedule} id=${id} />`);

const List = () => {
  const schedules = all("schedules");
  const zone = only("schedule-list")?.TimeZone;
  const columns = [
    {
      id: "name",
      title: t("words.Name"),
      by: ({ Name }) => Name,
      draw: (one) => html`
        <span class="rule-line">
          <span class="row">
            <a href=${to("events", "schedules", one.Id)}>${one.Name}</a>
            ${one.Shipped && html`<${Badge}>${t("schedules.shipped")}<//>`}
          </span>
          <span class="muted">${scheduleText(one)}</span>
        </span>
      `,
    },
    { id: "week", title: t("schedules.this-week"), draw: (one) => html`<${Strip} schedule=${one} />` },
    { id: "state", title: t("schedules.now"), draw: (one) => html`<${State} schedule=${one} />` },
    {
      id: "next",
      title: t("schedules.next"),
      by: ({ NextUsec = Infinity }) => NextUsec,
      draw: ({ NextUsec }) => (NextUsec ? html`<time>${moment(NextUsec, { zone, seconds: false })}</time>` : t("schedules.never")),
    },
  ];
  return html`
    <p class="hint">${t("schedules.hint")}</p>
    <${Card}
      wide
      title=${t("schedules.title")}
      icon="clock"
      old=${!fresh("schedules")}
      actions=${can("operator") &&
      html`<${LinkButton} kind="small" icon="add" href=${to("events", "schedules", "new")}>${t("schedules.add")}<//>`}
    >
      <${Table}
        name=${t("schedules.title")}
        rows=${schedules}
        columns=${columns}
        sortBy="name"
        open=${({ Id }) => go(to("events", "schedules", Id))}
        search=${schedules.length > 8 && ((one) => `${one.Name} ${scheduleText(one)}`)}
        empty=${t("schedules.empty")}
      />
    <//>
  `;
};

/** Whether it is active now; a pulse never is. */
export const State = ({ schedule: { Kind, Active } }) =>
  Kind === "pulse"
    ? html`<${Badge}>${t("schedules.pulse")}<//>`
    : html`<${Badge} kind=${Active && "live"}>${t(Active ? "words.active" : "words.inactive")}<//>`;
