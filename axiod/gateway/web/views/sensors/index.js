// Sensors: what they measure, who is on the line, and the templates that say how they are read.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { to } from "../../router.js";
import { can } from "../../session.js";
import { Page, Tabs } from "../../parts/page.js";
import { List } from "./list.js";
import { Scan } from "./scan.js";
import { Sensor } from "./sensor.js";
import { Templates } from "./templates.js";

// Each tab: who may see it, its help, and what draws it for the rest of the address.
const TABS = {
  list: {
    role: "viewer",
    help: "page#sensors",
    draw: ([id]) => (id === undefined ? html`<${List} />` : html`<${Sensor} key=${id} id=${id} />`),
  },
  scan: { role: "operator", help: "sensors#who-is-on-the-line", draw: () => html`<${Scan} />` },
  templates: { role: "viewer", help: "templates", draw: () => html`<${Templates} />` },
};

export default ({ path }) => {
  const tabs = Object.keys(TABS).filter((id) => can(TABS[id].role));
  const at = tabs.includes(path[0]) ? path[0] : tabs[0];
  return html`
    <${Page} title=${t("sensors.title")} help=${TABS[at].help}>
      <${Tabs}
        name=${t("sensors.title")}
        at=${at}
        tabs=${tabs.map((id) => ({ id, title: t(`sensors.view-${id}`), href: to("sensors", id) }))}
      />
      ${TABS[at].draw(path.slice(1))}
    <//>
  `;
};
