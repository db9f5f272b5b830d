// MQTT: the client, which events it publishes, and which messages become events.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { to } from "../../router.js";
import { Tabs } from "../../parts/page.js";
import { Client } from "./mqtt-client.js";
import { Publication, Subscriptions } from "./mqtt-filters.js";

const VIEWS = { client: Client, publication: Publication, subscriptions: Subscriptions };

export default ({ path: [wanted] }) => {
  const at = wanted in VIEWS ? wanted : "client";
  return html`
    <${Tabs}
      name=${t("mqtt.title")}
      at=${at}
      tabs=${Object.keys(VIEWS).map((id) => ({ id, title: t(`mqtt.view-${id}`), href: to("events", "mqtt", id) }))}
    />
    <${VIEWS[at]} key=${at} />
  `;
};
