// Events: what the device does by itself, and what happened.
import { html } from "../../lib.js";
import { need, t } from "../../i18n.js";
import { can } from "../../session.js";
import { to } from "../../router.js";
import { Later } from "../../parts/later.js";
import { Page, Tabs } from "../../parts/page.js";
import { Rule } from "./rule.js";
import { Rules } from "./rules.js";
import { Switches } from "./switches.js";

// Conditions name the channels of sensors; without these texts they have the names of their templates.
need("sensors").catch(() => {});

const later = (id, load) => (path, query) => html`<${Later} key=${id} load=${load} texts=${id} given=${{ path, query }} />`;

// Each tab: who may see it, its help, and what draws it for the rest of the address.
const TABS = {
  rules: {
    role: "operator",
    help: "events#rules",
    draw: ([id]) => (id === undefined ? html`<${Rules} />` : html`<${Rule} id=${id} />`),
  },
  schedules: { role: "viewer", help: "page#schedules", draw: later("schedules", () => import("./schedules.js")) },
  recipients: { role: "administrator", help: "page#recipients", draw: later("recipients", () => import("./recipients.js")) },
  "manual-triggers": {
    role: "viewer",
    help: "events#manual-triggers-and-virtual-inputs",
    draw: () => html`<${Switches} key="manual-triggers" kind="manual-triggers" />`,
  },
  "virtual-inputs": {
    role: "viewer",
    help: "events#manual-triggers-and-virtual-inputs",
    draw: () => html`<${Switches} key="virtual-inputs" kind="virtual-inputs" />`,
  },
  mqtt: { role: "administrator", help: "page#mqtt", draw: later("mqtt", () => import("./mqtt.js")) },
  log: { role: "viewer", help: "page#event-log", draw: later("log", () => import("./log.js")) },
};

export default ({ path, query }) => {
  const tabs = Object.keys(TABS).filter((id) => can(TABS[id].role));
  const at = tabs.includes(path[0]) ? path[0] : tabs[0];
  return html`
    <${Page} title=${t("events.title")} help=${TABS[at].help}>
      <${Tabs}
        name=${t("events.title")}
        at=${at}
        tabs=${tabs.map((id) => ({ id, title: t(`events.${id}`), href: to("events", id) }))}
      />
      ${TABS[at].draw(path.slice(1), query)}
    <//>
  `;
};
