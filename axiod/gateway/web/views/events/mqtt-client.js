// The MQTT client: whether it is connected, its broker, its messages, and Home Assistant.
import { html, useState } from "../../lib.js";
import { act } from "../../api.js";
import { t } from "../../i18n.js";
import { fresh, only } from "../../store.js";
import { CertificateSetting } from "../../parts/certificate.js";
import { Setting, Settings, useSettings } from "../../parts/form.js";
import { Card, Facts } from "../../parts/page.js";
import { Switch } from "../../parts/switch.js";
import { refused, said } from "../../parts/toast.js";
import { Age, Badge } from "../../parts/value.js";
import { Secret } from "../../parts/secret.js";

const PORTS = { tcp: 1883, ssl: 8883, ws: 80, wss: 443 };
const MESSAGES = ["ConnectMessage", "DisconnectMessage", "LastWill"];

export const Client = () => {
  const settings = useSettings("mqtt");
  const [secrets, setSecrets] = useState({});
  const given = Object.keys(secrets).length > 0;
  const live = fresh("mqtt");
  const form = {
    ...settings,
    changed: settings.changed || given,
    reset: () => {
      setSecrets({});
      settings.reset();
    },
    save: async () => {
      if (settings.changed && !(await settings.save())) return;
      if (!given) return;
      try {
        await act("mqtt", undefined, "set-secrets", secrets);
        setSecrets({});
        if (!settings.changed) said(t("shell.saved"));
      } catch (error) {
        refused(error);
      }
    },
  };
  return html`
    <${State} live=${live} />
    <${Card} title=${t("mqtt.broker")} icon="system" old=${!live}>
      <${Settings} form=${form} section="mqtt">
        <${Broker} form=${form} />
        <div class="columns">
          <${Of} form=${form} name="Username" />
          <${Secret} words="events" name="Password" label=${t("mqtt.Password")} longest=${255} there=${form.now.Secrets?.includes("Password")} ...${{ secrets, setSecrets }} />
          <${Of} form=${form} name="ClientId" />
        </div>
        <div class="columns">
          ${["KeepAliveSec", "ConnectTimeoutSec", "DeviceTopicPrefix"].map((name) => html`<${Of} key=${name} form=${form} name=${name} />`)}
        </div>
        <div class="columns">
          ${["CleanSession", "AutoReconnect", "ActivateOnBoot"].map((name) => html`<${Of} key=${name} form=${form} name=${name} />`)}
        </div>
        ${MESSAGES.map((name) => html`<${Message} key=${name} form=${form} name=${name} />`)}
        <div class="part">
          <h3>Home Assistant</h3>
          <${Of} form=${form} name="HomeAssistant" />
          ${form.value("HomeAssistant") && html`<div class="columns"><${Of} form=${form} name="HomeAssistantPrefix" /></div>`}
        </div>
      <//>
    <//>
  `;
};

const Of = (given) => html`<${Setting} section="mqtt" autocapitalize="none" ...${given} />`;

const State = ({ live }) => {
  const client = only("mqtt") ?? {};
  const { Active, Connected, Problem, ConnectedSinceUsec, Waiting, Dropped } = client;
  return html`
    <${Card}
      title=${t("mqtt.client")}
      icon="status"
      old=${!live}
      actions=${html`
        <${Badge} kind=${Connected ? "live" : Active ? "warn" : undefined}>
          <span data-connected=${String(Connected)}>${t(Connected ? "mqtt.connected" : Active ? "mqtt.connecting" : "mqtt.disconnected")}</span>
        <//>
      `}
    >
      <div class="stack">
        <div class="row">
          <strong aria-hidden="true">${t("mqtt.connect")}</strong>
          <${Switch}
            label=${t("mqtt.connect")}
            on=${Active}
            fresh=${live}
            set=${(on) => act("mqtt", undefined, on ? "connect" : "disconnect")}
          />
        </div>
        ${Problem && html`<p class="problem" lang="en">${Problem}</p>`}
        <${Facts}
          items=${[
            [t("mqtt.since"), ConnectedSinceUsec && html`<${Age} usec=${ConnectedSinceUsec} />`],
            [t("mqtt.Waiting"), Waiting > 0 ? html`<span class="live">${Waiting}</span>` : undefined],
            [t("mqtt.Dropped"), Dropped > 0 ? html`<span class="live">${Dropped}</span>` : undefined],
          ]}
        />
      </div>
    <//>
  `;
};

const Broker = ({ form }) => {
  const protocol = form.value("Protocol");
  const web = protocol === "ws" || protocol === "wss";
  const secure = protocol === "ssl" || protocol === "wss";
  return html`
    <div class="columns">
      <${Of} form=${form} name="Host" />
      <${Of} form=${form} name="Protocol" />
      <${Of} form=${form} name="Port" hint=${t("mqtt.Port-hint", { port: PORTS[protocol] ?? "" })} />
      ${web && html`<${Of} form=${form} name="BasePath" />`}
      <${Of} form=${form} name=${secure ? "HttpsProxy" : "HttpProxy"} />
      ${secure &&
      html`
        <${Of} form=${form} name="AlpnProtocol" />
        <${CertificateSetting} form=${form} section="mqtt" name="ClientCertificate" none=${t("mqtt.no-certificate")} />
        <${CertificateSetting} form=${form} section="mqtt" name="CaCertificate" none=${t("mqtt.system-certificates")} />
        <${Of} form=${form} name="ValidateCertificate" />
      `}
    </div>
    ${protocol && !secure && html`<p class="hint">${t("mqtt.plain")}</p>`}
  `;
};

const Message = ({ form, name }) => {
  const of = (what) => ({ form, name: `${name}${what}`, label: t(`mqtt.${what}`) });
  const own = form.value(`${name}Send`) && !form.value(`${name}UseDefault`);
  return html`
    <div class="part" role="group" aria-label=${t(`mqtt.${name}`)}>
      <h3>${t(`mqtt.${name}`)}</h3>
      <p class="hint">${t(`mqtt.${name}-hint`)}</p>
      <div class="columns">
        <${Of} ...${of("Send")} />
        ${form.value(`${name}Send`) && html`<${Of} ...${of("UseDefault")} hint=${t("mqtt.UseDefault-hint")} />`}
      </div>
      ${own &&
      html`
        <div class="columns">
          <${Of} ...${of("Topic")} />
          <${Of} ...${of("Qos")} hint=${t("mqtt.Qos-hint")} />
          <${Of} ...${of("Retain")} />
        </div>
        <${Of} ...${of("Payload")} />
      `}
    </div>
  `;
};
