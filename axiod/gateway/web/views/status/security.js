// How the device may be entered, and what would be safer.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { can } from "../../session.js";
import { all, fresh, only } from "../../store.js";
import { now } from "../../clock.js";
import { Card } from "../../parts/page.js";
import { Icon } from "../../parts/icon.js";
import { moment } from "../../parts/value.js";

const SOON_MS = 30 * 86_400_000;

/** [text, whether that is as it should be, what would be better]; what the person may not read is left out. */
const findings = () => {
  const encrypted = location.protocol === "https:";
  const found = [[t(encrypted ? "status.encrypted" : "status.not-encrypted"), encrypted, t("status.use-https")]];
  if (!can("administrator")) return found;
  const [web, access, blocking, mqtt] = ["web", "access", "blocking", "mqtt"].map(only);
  if (web) {
    found.push([t(`status.protocols-${web.Protocols}`), web.Protocols === "https", t("status.https-only")]);
    if (web.BasicOverHttp) found.push([t("status.basic"), false, t("status.basic-off")]);
    const certificate = all("certificates").find((one) => one.Id === web.Certificate);
    if (certificate) {
      const until = certificate.NotAfterUsec;
      const good = until / 1000 - now.value > SOON_MS;
      found.push([t("status.certificate", { name: certificate.Id, until: moment(until, { seconds: false }) }), good, t("status.renew")]);
      if (certificate.SelfSigned) found.push([t("status.self-signed"), null, t("status.sign")]);
    }
  }
  if (access) {
    const open = access.AnonymousViewing;
    found.push([t(open ? "status.anonymous" : "status.not-anonymous"), !open, t("status.anonymous-off")]);
  }
  if (blocking) {
    found.push([t(blocking.Enabled ? "status.blocking" : "status.no-blocking"), blocking.Enabled, t("status.blocking-on")]);
    if (blocking.Blocked.length) found.push([t("status.blocked", { count: blocking.Blocked.length }), null]);
  }
  if (mqtt?.Active && ["tcp", "ws"].includes(mqtt.Protocol)) found.push([t("status.mqtt-plain"), false, t("status.mqtt-tls")]);
  return found;
};

export const Security = () => html`
  <${Card} title=${t("status.security")} icon="shield" old=${!fresh("access")}>
    <ul class="findings">
      ${findings().map(
        ([text, good, better]) => html`
          <li key=${text} class=${good === null ? "note" : good ? "good" : "warn"}>
            <${Icon} name=${good ? "check" : good === null ? "lock" : "warn"} />
            <span><span class="unseen">${good === false ? t("status.advice") : ""}</span>${text}${!good && better && html`<small>${better}</small>`}</span>
          </li>
        `,
      )}
    </ul>
  <//>
`;
