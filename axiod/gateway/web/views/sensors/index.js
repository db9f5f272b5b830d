// Sensors: what they measure, who is on the line, and the templates that say how they are read.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { to } from "../../router.js";
import { Page, Tabs } from "../../parts/page.js";
import { List } from "./list.js";
import { Sensor } from "./sensor.js";

// Each tab: who may see it, its help, and what draws it for the rest of the address.
const TABS = {
  list: {
    role: "viewer",
    help: "page#sensors",
    draw: ([id]) => (id === undefined ? html`<${List} />` : html`<${Sensor} key=${id} id=${id} />`),
  },
};

export default ({ path }) => {
  const tabs = Object.keys(TABS);
  const at = tabs.includes(path[0]) ? path[0] : tabs[0];
  return html`
    <${Page} title=${t("sensors.title")} help=${TABS[at].help}>
      ${tabs.length > 1 &&
      html`
        <${Tabs}
          name=${t("sensors.title")}
          at=${at}
          tabs=${tabs.map((id) => ({ id, title: t(`sensors.view-${id}`), href: to("sensors", id) }))}
        />
      `}
      ${TABS[at].draw(path.slice(1))}
    <//>
  `;
};
