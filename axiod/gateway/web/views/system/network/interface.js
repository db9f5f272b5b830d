// One network interface: what it has now, why nothing can be changed where that is so, and how it gets its addresses.
import { html } from "../../../lib.js";
import { act } from "../../../api.js";
import { t, word } from "../../../i18n.js";
import { can } from "../../../session.js";
import { fresh, thing } from "../../../store.js";
import { Places, placesOf, tried } from "../../../trial.js";
import { Button } from "../../../parts/button.js";
import { confirm } from "../../../parts/dialog.js";
import { Settings } from "../../../parts/form.js";
import { Icon } from "../../../parts/icon.js";
import { Card, Facts } from "../../../parts/page.js";
import { Badge } from "../../../parts/value.js";
import { check, Dns, Ipv4, Ipv6, sent } from "./addressing.js";
import { Trying, useTried } from "../tried.js";

export const Interface = ({ id }) => {
  const one = thing("network-interfaces", id).value;
  if (!one) return null;
  return html`
    <${Card} title=${one.Name} icon="wire" wide old=${!fresh("network-interfaces")} actions=${html`<${State} one=${one} />`}>
      <${Facts} items=${factsOf(one)} />
      ${one.ReadOnlyBecause !== undefined &&
      html`<div class="notice"><${Icon} name="lock" /><p>${t("network.read-only")} <span lang="en">${one.ReadOnlyBecause}</span></p></div>`}
      ${NOBODYS.includes(one.Backend) && can("administrator") && html`<${Adopt} one=${one} />`}
      ${one.Capabilities.length > 0 && can("administrator") && html`<${Form} id=${id} able=${one.Capabilities} />`}
    <//>
  `;
};

const NOBODYS = ["ifupdown", "none"];
const ADOPT_SECONDS = 120;
const ADOPT_WAIT_MS = 125_000;

// It becomes one that can be configured; whoever manages it then may give it another address.
const Adopt = ({ one }) => {
  const adopt = async () => {
    const text = t("network.adopt-question", { name: one.Name, seconds: ADOPT_SECONDS });
    if (!(await confirm({ title: t("network.adopt-title"), text, action: t("network.adopt") }))) return;
    await tried(ADOPT_SECONDS, one.Id, {}, () => act("network-interfaces", one.Id, "adopt", {}, ADOPT_WAIT_MS));
  };
  return html`<div class="row end"><${Button} icon="wire" disabled=${!fresh("network-interfaces")} act=${adopt}>${t("network.adopt")}<//></div>`;
};

const State = ({ one }) => {
  if (!one.Up) return html`<${Badge}>${t("network.down")}<//>`;
  return one.Carrier
    ? html`<${Badge} kind="good" icon="check">${t("network.connected")}<//>`
    : html`<${Badge} kind="warn" icon="warn">${t("network.no-carrier")}<//>`;
};

const factsOf = (one) => [
  [t("network.addresses"), one.Addresses.length > 0 ? html`<${Addresses} list=${one.Addresses} />` : t("network.none")],
  [t("network.routers"), one.Routers.join(", ")],
  [t("network.name-servers"), one.NameServers.join(", ")],
  [t("network.search-domains"), one.SearchDomains.join(", ")],
  [t("network.backend"), word("network", `backend-${one.Backend}`)],
  [t("network.mac"), one.MacAddress && html`<code>${one.MacAddress}</code>`],
  [t("network.mtu"), `${one.Mtu} B`],
];

const Addresses = ({ list }) => html`
  <ul class="addresses">
    ${list.map(
      ({ Address, PrefixLength, Origin, Scope }) => html`
        <li key=${Address}>
          <code class="live">${Address}/${PrefixLength}</code> <span class="muted">${t(`network.origin-${Origin}`)}${Scope === "global" ? "" : `, ${t(`network.scope-${Scope}`)}`}</span>
        </li>
      `,
    )}
  </ul>
`;

const REACHED_BY = ["Ipv4Method", "Ipv4Addresses", "Ipv6Method", "Ipv6Addresses"];

const Form = ({ id, able }) => {
  const form = useTried("network-interfaces", id, { check, sent });
  return html`
    <${Settings} form=${form}>
      ${able.includes("ipv4") && html`<${Ipv4} form=${form} fallback=${able.includes("fallback")} />`}
      ${able.includes("ipv6") && html`<${Ipv6} form=${form} />`}
      ${able.includes("dns") && html`<${Dns} form=${form} />`}
      <${Move} form=${form} />
      <${Trying} form=${form} />
    <//>
  `;
};

// Where the device will be, as far as that can be known before.
const Move = ({ form }) => {
  if (!form.changed || Object.keys(form.wrong).length) return null;
  const moved = REACHED_BY.filter((name) => form.value(name) !== form.now[name]);
  const places = placesOf([Object.fromEntries(REACHED_BY.map((name) => [name, form.value(name)]))]);
  if (!moved.length || (!places.length && !(moved.includes("Ipv4Method") && form.value("Ipv4Method") !== "static"))) return null;
  return html`
    <div class="notice">
      <${Icon} name="warn" />
      <p>${places.length ? html`${t("network.moves")} <${Places} places=${places} />` : t("network.moves-somewhere")}</p>
    </div>
  `;
};
