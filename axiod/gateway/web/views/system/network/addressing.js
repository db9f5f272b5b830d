// How an interface gets its addresses and asks for names: the fields, what is wrong in them, and what is sent.
import { html, same } from "../../../lib.js";
import { t, word } from "../../../i18n.js";
import { choices, TextField } from "../../../parts/field.js";
import { Setting, Theirs } from "../../../parts/form.js";
import { isIpv4, isIpv6, isWithPrefix, maskOf, parted, prefixOf } from "./address.js";
import { ListField } from "./list-field.js";

const MOST_SERVERS = 3;
const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: false };

/** Whether the address and the mask of IPv4 stand alone in the form: static, or what is fallen back to. */
const asksForIpv4 = (form) => form.value("Ipv4Method") === "static" || (form.value("Ipv4Method") === "dhcp" && form.value("Ipv4Fallback"));

/** What is wrong, by the name of the field. */
export const check = (form) => {
  const wrong = {};
  const edited = (...names) => names.some((name) => !same(form.value(name), form.now[name]));
  const [first = "", ...further] = form.value("Ipv4Addresses") ?? [];
  if (asksForIpv4(form) && edited("Ipv4Method", "Ipv4Addresses", "Ipv4Fallback")) {
    const [address, mask] = parted(first);
    if (!isIpv4(address)) wrong.Ipv4Addresses = t("network.wrong-ipv4");
    if (prefixOf(mask) === undefined) wrong.Mask = t("network.wrong-mask");
    if (!further.every((one) => isWithPrefix(one, isIpv4))) wrong.Further = t("network.wrong-further");
  }
  if (form.value("Ipv4Method") === "static" && !isEmptyOr(isIpv4, form.value("Ipv4Router"))) wrong.Ipv4Router = t("network.wrong-ipv4");
  if (form.value("Ipv6Method") === "static") {
    const addresses = form.value("Ipv6Addresses") ?? [];
    if (edited("Ipv6Method", "Ipv6Addresses") && !(addresses.length && addresses.every((one) => isWithPrefix(one, isIpv6)))) {
      wrong.Ipv6Addresses = t("network.wrong-ipv6-list");
    }
    if (!isEmptyOr(isIpv6, form.value("Ipv6Router"))) wrong.Ipv6Router = t("network.wrong-ipv6");
  }
  if (form.value("DnsAutomatic") === false) {
    const servers = form.value("DnsServers") ?? [];
    if (!servers.every((one) => isIpv4(one) || isIpv6(one))) wrong.DnsServers = t("network.wrong-servers");
    else if (servers.length > MOST_SERVERS) wrong.DnsServers = t("network.too-many-servers");
  }
  return wrong;
};

const isEmptyOr = (isAddress, text) => !text || isAddress(text);

/** What the form holds, as the contract has it: masks as prefixes. */
export const sent = (values) => {
  if (!values.Ipv4Addresses) return values;
  const whole = values.Ipv4Addresses.map((one) => {
    const [address, mask] = parted(one);
    return `${address}/${prefixOf(mask) ?? mask}`;
  });
  return { ...values, Ipv4Addresses: whole };
};

const noteOf = (form, name) => {
  const theirs = form.theirs(name);
  return theirs !== undefined && html`<${Theirs} form=${form} name=${name} section="network" value=${theirs} />`;
};

/** How it gets its addresses. It may be in a way that only its backend has a word for. */
const Method = ({ form, name, choose = (wanted) => form.set(name, wanted) }) => {
  const known = choices("network", form.schema[name]?.enum ?? []);
  return html`
    <${Setting}
      form=${form}
      section="network"
      name=${name}
      value=${form.value(name) ?? ""}
      options=${form.now[name] === undefined ? [["", t("network.otherwise")], ...known] : known}
      set=${(wanted) => (wanted === "" ? form.take(name) : choose(wanted))}
    />
  `;
};

/** IPv4. `fallback`: there can be an address to fall back to. */
export const Ipv4 = ({ form, fallback }) => {
  const method = form.value("Ipv4Method");
  const choose = (wanted) => {
    form.set("Ipv4Method", wanted);
    form.set("Ipv4Fallback", wanted === "dhcp" && Boolean(form.now.Ipv4Fallback));
    // Who leaves DHCP mostly wants to keep what it gave.
    const given = form.now.Addresses.find(({ Address, Scope }) => isIpv4(Address) && Scope === "global");
    if (wanted !== "static" || !given || form.value("Ipv4Addresses")?.length) return;
    form.set("Ipv4Addresses", [`${given.Address}/${given.PrefixLength}`]);
    form.set("Ipv4Router", form.now.Routers.find(isIpv4) ?? "");
  };
  return html`
    <h3>IPv4</h3>
    <div class="columns">
      <${Method} form=${form} name="Ipv4Method" choose=${choose} />
      ${method === "static" && html`<${Ipv4Address} form=${form} label=${t("network.address")} />`}
    </div>
    ${method === "static" &&
    html`
      <div class="columns">
        <${Setting} form=${form} section="network" name="Ipv4Router" ...${plain} />
        <${Further} form=${form} />
      </div>
    `}
    ${method === "dhcp" &&
    fallback &&
    html`
      <${Setting} form=${form} section="network" name="Ipv4Fallback" />
      ${form.value("Ipv4Fallback") && html`<div class="columns"><${Ipv4Address} form=${form} label=${t("network.fallback-address")} /></div>`}
    `}
  `;
};

const Ipv4Address = ({ form, label }) => {
  const [first = "", ...further] = form.value("Ipv4Addresses") ?? [];
  const [address, mask] = parted(first);
  const put = (whole) => form.set("Ipv4Addresses", whole === "/" ? further : [whole, ...further]);
  const prefix = prefixOf(mask);
  return html`
    <${TextField}
      label=${label}
      value=${address}
      set=${(typed) => put(typed.includes("/") ? typed.trim() : `${typed.trim()}/${mask}`)}
      error=${form.wrong.Ipv4Addresses}
      note=${noteOf(form, "Ipv4Addresses")}
      inputmode="decimal"
      ...${plain}
    />
    <${TextField}
      label=${t("network.mask")}
      hint=${prefix === undefined ? t("network.mask-hint") : `${maskOf(prefix)} = /${prefix}`}
      value=${mask}
      set=${(typed) => put(`${address}/${typed.trim()}`)}
      error=${form.wrong.Mask}
      inputmode="decimal"
      ...${plain}
    />
  `;
};

const Further = ({ form }) => {
  const [first, ...further] = form.value("Ipv4Addresses") ?? [];
  return html`
    <${ListField}
      label=${t("network.further")}
      hint=${t("network.further-hint")}
      value=${further}
      set=${(list) => form.set("Ipv4Addresses", [first ?? "/", ...list])}
      error=${form.wrong.Further}
    />
  `;
};

const ListSetting = ({ form, name }) => html`
  <${ListField}
    label=${word("network", name)}
    hint=${t(`network.${name}-hint`)}
    value=${form.value(name) ?? []}
    set=${(list) => form.set(name, list)}
    error=${form.wrong[name]}
    note=${noteOf(form, name)}
  />
`;

/** IPv6. */
export const Ipv6 = ({ form }) => html`
  <h3>IPv6</h3>
  <div class="columns">
    <${Method} form=${form} name="Ipv6Method" />
    ${form.value("Ipv6Method") === "static" &&
    html`
      <${ListSetting} form=${form} name="Ipv6Addresses" />
      <${Setting} form=${form} section="network" name="Ipv6Router" ...${plain} />
    `}
  </div>
`;

/** Name servers and search domains. */
export const Dns = ({ form }) => html`
  <h3>DNS</h3>
  <${Setting} form=${form} section="network" name="DnsAutomatic" />
  ${form.value("DnsAutomatic") === false &&
  html`
    <div class="columns">
      <${ListSetting} form=${form} name="DnsServers" />
      <${ListSetting} form=${form} name="DnsSearch" />
    </div>
  `}
`;
