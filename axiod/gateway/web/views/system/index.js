// The device itself: who may enter, how it is reached, and what it is.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { to } from "../../router.js";
import { can } from "../../session.js";
import { ids, service } from "../../store.js";
import { Later } from "../../parts/later.js";
import { Page, Tabs } from "../../parts/page.js";
import { Accounts } from "./accounts.js";
import { Blocking } from "./blocking.js";
import { Certificates } from "./certificates.js";
import { Device } from "./device.js";
import { Tokens } from "./tokens.js";
import { Web } from "./web.js";

const Logs = (given) => html`<${Later} load=${() => import("./logs.js")} texts="log" given=${given} />`;
const Network = () => html`<${Later} load=${() => import("./network/index.js")} texts="network" />`;
const Firewall = () => html`<${Later} load=${() => import("./firewall/index.js")} texts="firewall" />`;
const Config = () => html`<${Later} load=${() => import("./config.js")} texts="config" />`;

const hasNetwork = () => service("network")?.Available || ids("network-interfaces").value.length > 0;

// What a person may not read has no tab, nor has what this device has no service for.
const VIEWS = {
  accounts: { View: Accounts, role: "administrator", help: "rest#the-first-administrator" },
  tokens: { View: Tokens, role: "administrator", help: "rest#logging-in" },
  web: { View: Web, role: "administrator", help: "http#https" },
  certificates: { View: Certificates, role: "administrator", help: "http#https" },
  blocking: { View: Blocking, role: "administrator", help: "http#logging-in" },
  logs: { View: Logs, role: "administrator", help: "logs" },
  device: { View: Device, role: "viewer", help: "rest#reading" },
  network: { View: Network, role: "viewer", help: "page#network", there: hasNetwork },
  firewall: { View: Firewall, role: "administrator", help: "page#firewall", there: hasNetwork },
  config: { View: Config, role: "operator", help: "page#plain-configuration" },
};

export default ({ path, query }) => {
  const offered = Object.keys(VIEWS).filter((id) => can(VIEWS[id].role) && (VIEWS[id].there?.() ?? true));
  const at = offered.includes(path[0]) ? path[0] : offered[0];
  const { View, help } = VIEWS[at];
  return html`
    <${Page} title=${t("system.title")} help=${help}>
      <${Tabs}
        name=${t("system.title")}
        at=${at}
        tabs=${offered.map((id) => ({ id, title: t(`system.view-${id}`), href: to("system", id) }))}
      />
      <${View} key=${at} path=${path.slice(1)} query=${query} />
    <//>
  `;
};
