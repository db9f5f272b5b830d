// Which events are published over MQTT, and which messages become events: lists of filters.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { fresh } from "../../store.js";
import { topicText } from "../../parts/event.js";
import { CheckField, SelectField, TextField } from "../../parts/field.js";
import { Setting, Settings, Theirs, useSettings } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { topics } from "./catalogue.js";
import { List } from "./records.js";

const MOST = 100;
const OTHER = "?";

const qos = () => [0, 1, 2].map((one) => [String(one), t(`events.qos-${one}`)]);

// A list of filters in a form of settings.
const Filters = ({ form, ...more }) => html`
  <${List} records=${form.value("Filters") ?? []} set=${(next) => form.set("Filters", next)} most=${MOST} least=${0} ...${more} />
  ${form.theirs("Filters") !== undefined && html`<${Theirs} form=${form} name="Filters" section="mqtt" value=${form.theirs("Filters")} />`}
`;

export const Publication = () => {
  const form = useSettings("mqtt-publication");
  const of = (name) => html`<${Setting} key=${name} form=${form} section="mqtt" name=${name} />`;
  return html`
    <${Card} title=${t("mqtt.view-publication")} icon="upload" old=${!fresh("mqtt-publication")}>
      <p class="hint">${t("mqtt.publication-hint")}</p>
      <${Settings} form=${form} section="mqtt">
        <div class="columns">
          ${of("TopicPrefix")} ${form.value("TopicPrefix") === "custom" && of("CustomTopicPrefix")}
        </div>
        <div class="columns">
          ${of("AppendEventTopic")} ${form.value("AppendEventTopic") && of("IncludeTopicNamespaces")} ${of("IncludeSerialNumber")}
        </div>
        <h3>${t("mqtt.conditions")}</h3>
        <${Filters}
          form=${form}
          name=${(number) => t("mqtt.condition", { number })}
          add=${t("mqtt.condition-add")}
          added=${() => ({ TopicFilter: "onvif:Device/axis:IO//.", Qos: 0, Retain: "none" })}
          draw=${(record, set) => html`<${Published} ...${{ record, set }} />`}
        />
      <//>
    <//>
  `;
};

// As VAPIX writes topics.
const written = (topic) => topic.replaceAll("tns1:", "onvif:").replaceAll("tnsaxis:", "axis:");

const Published = ({ record, set }) => {
  const known = [
    ["//.", t("mqtt.everything")],
    ["onvif:Device/axis:IO//.", t("mqtt.all-io")],
    ...new Map(
      topics()
        .filter(({ topic }) => !topic.includes(":MQTT/"))
        .map(({ topic }) => [written(topic), topicText(topic)]),
    ),
  ];
  const listed = known.some(([filter]) => filter === record.TopicFilter);
  const [spelled, setSpelled] = useState(!listed);
  const choose = (filter) => {
    setSpelled(filter === OTHER);
    if (filter !== OTHER) set({ ...record, TopicFilter: filter });
  };
  return html`
    <div class="sentence">
      <${SelectField} label=${t("mqtt.event")} value=${spelled || !listed ? OTHER : record.TopicFilter} set=${choose} options=${[...known, [OTHER, t("events.other")]]} />
      ${(spelled || !listed) &&
      html`<${TextField} label=${t("mqtt.TopicFilter")} value=${record.TopicFilter} set=${(text) => set({ ...record, TopicFilter: text })} hint=${t("mqtt.topic-filter-hint")} maxlength="1024" />`}
      <${SelectField} label="QoS" value=${String(record.Qos ?? 0)} set=${(next) => set({ ...record, Qos: Number(next) })} options=${qos()} />
      <${SelectField}
        label=${t("mqtt.Retain")}
        value=${record.Retain ?? "none"}
        set=${(next) => set({ ...record, Retain: next })}
        options=${["none", "property", "all"].map((one) => [one, t(`mqtt.retain-${one}`)])}
      />
    </div>
  `;
};

export const Subscriptions = () => {
  const form = useSettings("mqtt-subscriptions");
  return html`
    <${Card} title=${t("mqtt.view-subscriptions")} icon="download" old=${!fresh("mqtt-subscriptions")}>
      <p class="hint">${t("mqtt.subscriptions-hint")}</p>
      <${Settings} form=${form} section="mqtt">
        <${Filters}
          form=${form}
          name=${(number) => t("mqtt.subscription", { number })}
          add=${t("mqtt.subscription-add")}
          added=${() => ({ TopicFilter: "", UseDevicePrefix: false, Qos: 0, Stateful: false })}
          draw=${(record, set) => html`<${Subscribed} ...${{ record, set }} />`}
        />
      <//>
    <//>
  `;
};

const Subscribed = ({ record, set }) => html`
  <div class="sentence">
    <${TextField}
      label=${t("mqtt.subscription-filter")}
      value=${record.TopicFilter}
      set=${(text) => set({ ...record, TopicFilter: text })}
      hint=${t(record.Stateful ? "mqtt.no-wildcards" : "mqtt.wildcards")}
      autocapitalize="none"
      maxlength="1024"
    />
    <${SelectField}
      label=${t("mqtt.subscription-type")}
      value=${record.Stateful ? "1" : "0"}
      set=${(next) => set({ ...record, Stateful: next === "1" })}
      hint=${t(record.Stateful ? "mqtt.stateful-hint" : "mqtt.stateless-hint")}
      options=${[["0", t("mqtt.stateless")], ["1", t("mqtt.stateful")]]}
    />
    <${SelectField} label="QoS" value=${String(record.Qos ?? 0)} set=${(next) => set({ ...record, Qos: Number(next) })} options=${qos()} />
  </div>
  <${CheckField} label=${t("mqtt.UseDevicePrefix")} value=${record.UseDevicePrefix} set=${(on) => set({ ...record, UseDevicePrefix: on })} />
`;
