// The settings of 802.1X and MACsec: what the method needs, its secrets, and the certificates by their names.
import { html, useState } from "../../../lib.js";
import { act } from "../../../api.js";
import { t, word } from "../../../i18n.js";
import { to } from "../../../router.js";
import { all } from "../../../store.js";
import { CertificateSetting } from "../../../parts/certificate.js";
import { CheckField } from "../../../parts/field.js";
import { Setting, Settings, Theirs } from "../../../parts/form.js";
import { Icon } from "../../../parts/icon.js";
import { Secret } from "./secret.js";
import { Trying, useTried } from "../tried.js";

const SECRETS = { "peap-mschapv2": "Password", macsec: "Cak" };
const LONGEST = { Password: 256, Cak: 64 };
const VERSIONS = { EapolVersion: [1, 2, 3], PeapVersion: [0, 1], PeapLabel: [1, 2] };
const WAIT_MS = 35_000;
const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: false };

export const Form = ({ id }) => {
  const [secrets, setSecrets] = useState({}); // what was entered; an empty one is to be removed
  const some = (wanted) => Object.fromEntries(Object.entries(secrets).filter(([, text]) => wanted(text)));
  const set = async (given) => Object.keys(given).length > 0 && act("dot1x", id, "set-secrets", given, WAIT_MS);
  // One that is needed is there before the settings need it; one that is removed goes when they do not any more.
  const save = async (work) => {
    await set(some((text) => text !== ""));
    await work();
    await set(some((text) => text === ""));
    setSecrets({});
  };
  const form = useTried("dot1x", id, { also: { names: Object.values(SECRETS), changed: Object.keys(secrets).length > 0, save } });
  const whole = {
    ...form,
    reset: () => {
      setSecrets({});
      form.reset();
    },
  };
  // Each method has a secret of its own.
  const choose = (wanted) => {
    setSecrets({});
    form.set("Method", wanted);
  };
  const method = form.value("Method");
  const known = form.now.Methods ?? [];
  const methods = known.includes(method) ? known : [...known, method];
  const eap = method !== "macsec";
  const own = { form, section: "dot1x" };
  const secret = SECRETS[method];
  return html`
    <${Settings} form=${whole}>
      <${Setting} ...${own} name="Enabled" label=${t("dot1x.enable")} />
      <div class="columns">
        <${Setting}
          ...${own}
          name="Method"
          options=${methods.map((one) => [one, word("dot1x", one)])}
          set=${choose}
          hint=${known.includes("macsec") ? undefined : t("dot1x.no-macsec")}
        />
        ${eap && html`<${Setting} ...${own} name="Identity" ...${plain} />`}
        ${method === "eap-tls" &&
        html`<${CertificateSetting} ...${own} name="ClientCertificate" none=${t("dot1x.none")} fits=${({ HasKey }) => HasKey} />`}
        ${!eap && html`<${Setting} ...${own} name="Ckn" ...${plain} />`}
        ${secret && html`<${Secret} key=${secret} ...${own} name=${secret} most=${LONGEST[secret]} ...${{ secrets, setSecrets }} />`}
        ${!eap && html`<${Setting} ...${own} name="MacsecMode" />`}
      </div>
      ${eap &&
      html`
        <${CaCertificates} form=${form} />
        <div class="columns">
          ${(form.value("CaCertificates")?.length > 0 || form.value("ServerName")) && html`<${Setting} ...${own} name="ServerName" ...${plain} />`}
          <${Version} ...${own} name="EapolVersion" />
          ${method === "peap-mschapv2" && html`<${Version} ...${own} name="PeapVersion" />`}
          ${method === "peap-mschapv2" && form.value("PeapVersion") === 1 && html`<${Version} ...${own} name="PeapLabel" />`}
        </div>
      `}
      <${Trying} form=${form} />
    <//>
  `;
};

const Version = ({ form, name, ...more }) => html`
  <${Setting}
    ...${{ form, name, ...more }}
    options=${VERSIONS[name].map((one) => [String(one), t(`dot1x.${name}-${one}`)])}
    value=${String(form.value(name))}
    set=${(wanted) => form.set(name, Number(wanted))}
  />
`;

// Of which there may be several, so each has its own box.
const CaCertificates = ({ form }) => {
  const chosen = form.value("CaCertificates") ?? [];
  const stored = all("certificates");
  const gone = chosen.filter((id) => !stored.some(({ Id }) => Id === id));
  const offered = [...stored.map(({ Id, Subject }) => [Id, Id, Subject]), ...gone.map((id) => [id, t("shell.not-there", { name: id })])];
  const put = (id, on) => form.set("CaCertificates", on ? [...chosen, id] : chosen.filter((one) => one !== id));
  const theirs = form.theirs("CaCertificates");
  return html`
    <fieldset class="ca-certificates">
      <legend>${t("dot1x.CaCertificates")}</legend>
      <p class="hint">${t("dot1x.CaCertificates-hint")} <a href=${to("system", "certificates")}>${t("dot1x.to-store")}</a></p>
      ${offered.map(
        ([id, label, subject]) => html`
          <${CheckField} key=${id} label=${label} hint=${subject} value=${chosen.includes(id)} set=${(on) => put(id, on)} />
        `,
      )}
      ${form.wrong.CaCertificates && html`<p class="problem">${form.wrong.CaCertificates}</p>`}
      ${theirs !== undefined && html`<${Theirs} form=${form} name="CaCertificates" section="dot1x" value=${theirs} />`}
      ${chosen.length === 0 &&
      form.value("Enabled") &&
      html`<div class="notice"><${Icon} name="warn" /><p>${t("dot1x.not-verified")}</p></div>`}
    </fieldset>
  `;
};
