// How the device is reached over HTTP. A change that cuts this page off says so before, and where to go on; what can cut
// anybody off is tried first.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { fresh } from "../../store.js";
import { CertificateSetting } from "../../parts/certificate.js";
import { Setting, Settings } from "../../parts/form.js";
import { Icon } from "../../parts/icon.js";
import { Card } from "../../parts/page.js";
import { Trying, useTried } from "./tried.js";

const SCHEMES = { http: "HttpPort", https: "HttpsPort" };
const USUAL = { http: 80, https: 443 };
const RESERVED_PORTS = 1024;
const RISKY = ["Protocols", "HttpPort", "HttpsPort", "Certificate"];
const risky = (form) => RISKY.some((name) => form.value(name) !== form.now[name]);

/**
 * Where the page is after `form` was saved: undefined where it stays. Ports are compared with what they were, not with the
 * address bar: between the two there may be a router that translates them.
 */
const elsewhere = (form) => {
  const here = location.protocol.slice(0, -1);
  const allowed = form.value("Protocols");
  const scheme = allowed === "both" || allowed === here ? here : allowed;
  const port = form.value(SCHEMES[scheme]);
  if (scheme === here && port === form.now[SCHEMES[here]]) return undefined;
  const host = location.hostname;
  return `${scheme}://${host}${port === USUAL[scheme] ? "" : `:${port}`}/`;
};

export const Web = () => {
  const form = useTried("web", undefined, { risky, place: elsewhere });
  const place = form.ready && form.changed && !Object.keys(form.wrong).length ? elsewhere(form) : undefined;
  const low = Object.values(SCHEMES).filter((name) => {
    const port = form.value(name);
    return port !== form.now[name] && port < RESERVED_PORTS && !Object.values(USUAL).includes(port);
  });
  return html`
    <${Card} title=${t("system.web")} icon="lock" old=${!fresh("web")}>
      <${Settings} form=${form} section="system">
        <div class="columns">
          <${Setting} form=${form} section="system" name="Protocols" />
          <${Setting} form=${form} section="system" name="HttpPort" />
          <${Setting} form=${form} section="system" name="HttpsPort" />
        </div>
        <div class="columns"><${CertificateSetting} form=${form} section="system" name="Certificate" /></div>
        ${low.length > 0 && html`<p class="notice"><${Icon} name="warn" />${t("system.low-port")}</p>`}
        <${Setting} form=${form} section="system" name="BasicOverHttp" />
        <${Setting} form=${form} section="system" name="Metrics" />
        <div class="columns"><${Setting} form=${form} section="system" name="RtspPort" /></div>
        ${place &&
        html`
          <div class="notice" role="alert">
            <${Icon} name="warn" />
            <p>${t("system.cut-off")} <a href=${place}>${place}</a></p>
          </div>
        `}
        <${Trying} form=${form} />
      <//>
    <//>
  `;
};
