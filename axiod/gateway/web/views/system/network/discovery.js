// How this device is found on its network: a switch for each protocol, the names it is found by, and whom it found itself.
import { html } from "../../../lib.js";
import { change } from "../../../api.js";
import { t } from "../../../i18n.js";
import { can } from "../../../session.js";
import { fresh, only } from "../../../store.js";
import { Setting, Settings, useSettings } from "../../../parts/form.js";
import { Icon } from "../../../parts/icon.js";
import { Card, Facts, HelpLink } from "../../../parts/page.js";
import { Switch } from "../../../parts/switch.js";
import { Neighbours } from "./neighbours.js";

// How the contract names each where it says why it does not work.
const PROTOCOLS = { Bonjour: "bonjour", Upnp: "upnp", WsDiscovery: "ws-discovery", Lldp: "lldp", Cdp: "cdp" };

export default () => {
  const discovery = only("network-discovery");
  if (!discovery) return null;
  const { BonjourAnnounced, BonjourHost } = discovery;
  return html`
    <${Card} title=${t("discovery.title")} icon="search" wide old=${!fresh("network-discovery")} actions=${html`<${HelpLink} page="discovery" />`}>
      <ul class="protocols">
        ${Object.keys(PROTOCOLS).map((name) => html`<${Protocol} key=${name} ...${{ name, discovery }} />`)}
      </ul>
      <${Facts}
        items=${[
          [t("discovery.announced"), BonjourAnnounced && html`<span class="text live">${BonjourAnnounced}</span>`],
          [t("discovery.host"), BonjourHost && html`<a href=${`${location.protocol}//${BonjourHost}/`}>${BonjourHost}</a>`],
          ...(can("administrator") ? [] : ["BonjourName", "UpnpName"].map((name) => [t(`discovery.${name}`), discovery[name]])),
        ]}
      />
      ${can("administrator") && html`<${Names} />`}
    <//>
    <${Neighbours} heard=${discovery.Lldp || discovery.Cdp} />
  `;
};

const Protocol = ({ name, discovery }) => {
  const why = discovery.Unavailable[PROTOCOLS[name]];
  return html`
    <li>
      <${Switch}
        hidden
        label=${t(`discovery.${name}`)}
        on=${discovery[name]}
        fresh=${fresh("network-discovery")}
        disabled=${!can("administrator")}
        set=${(on) => change("network-discovery", undefined, { [name]: on }, { [name]: discovery[name] })}
      />
      <div>
        <p><strong>${t(`discovery.${name}`)}</strong></p>
        <p class="hint">${t(`discovery.${name}-hint`)}</p>
        ${why && html`<p class="notice"><${Icon} name="warn" /><span>${t("discovery.does-not-work")} <span lang="en">${why}</span></span></p>`}
      </div>
    </li>
  `;
};

const Names = () => {
  const form = useSettings("network-discovery");
  return html`
    <${Settings} form=${form}>
      <div class="columns">
        ${["BonjourName", "UpnpName"].map((name) => html`<${Setting} key=${name} form=${form} section="discovery" name=${name} autocomplete="off" />`)}
      </div>
    <//>
  `;
};
