// The network: what this device is called, its interfaces, and how it is found.
import { html } from "../../../lib.js";
import { t } from "../../../i18n.js";
import { can } from "../../../session.js";
import { fresh, ids, only } from "../../../store.js";
import { Setting, Settings } from "../../../parts/form.js";
import { Later } from "../../../parts/later.js";
import { Card, Facts } from "../../../parts/page.js";
import { Interface } from "./interface.js";
import { Trying, useTried } from "../tried.js";

export default () => html`
  ${only("network-host") && html`<${Host} />`}
  ${ids("network-interfaces").value.map((id) => html`<${Interface} key=${id} id=${id} />`)}
  ${ids("dot1x").value.map((id) => html`<${Dot1x} key=${id} given=${{ id }} />`)}
  <${Later} load=${() => import("./dynamic-dns.js")} texts="dynamic-dns" />
  ${can("administrator") && html`<${Later} load=${() => import("./proxy.js")} texts="network" />`}
  <${Later} load=${() => import("./discovery.js")} texts="discovery" />
`;

const Dot1x = ({ given }) => html`<${Later} load=${() => import("./dot1x.js")} texts="dot1x" given=${given} />`;

const Host = () => html`
  <${Card} title=${t("network.host")} icon="device" wide old=${!fresh("network-host")}>
    <${Facts} items=${[[t("network.current-name"), html`<span class="text live">${only("network-host").CurrentHostname}</span>`]]} />
    ${can("administrator") && html`<${Form} />`}
  <//>
`;

const Form = () => {
  const form = useTried("network-host", undefined);
  return html`
    <${Settings} form=${form}>
      <${Setting} form=${form} section="network" name="HostnameAutomatic" />
      <div class="columns"><${Setting} form=${form} section="network" name="Hostname" autocomplete="off" spellcheck=${false} /></div>
      <${Trying} form=${form} />
    <//>
  `;
};
