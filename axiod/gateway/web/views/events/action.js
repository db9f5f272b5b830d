// One action of a rule: what is done, with the fields that its kind has.
import { html } from "../../lib.js";
import { t, word } from "../../i18n.js";
import { can } from "../../session.js";
import { all } from "../../store.js";
import { CheckField, NumberField, SelectField, TextArea, TextField } from "../../parts/field.js";

const FILES = ["ftp", "sftp", "network-share"];
const KINDS = ["set", "toggle", "pulse", "virtual-input", "led", "notify", "send-file", "publish", "log"];
const LASTING = ["set", "virtual-input", "led", "notify"];
const NETWORK = ["notify", "send-file"];

const outputs = () => [...all("relays"), ...all("ports").filter(({ Direction }) => Direction === "output")];
const recipients = (kind) =>
  all("recipients").filter(({ Type }) => FILES.includes(Type) === (kind === "send-file"));
const named = (things) => things.map(({ Id, Name }) => [Id, Name]);

/** An action of a kind, as it begins. */
export const beginAction = (kind) => {
  const Output = outputs()[0]?.Id ?? "";
  const Recipient = recipients(kind)[0]?.Id ?? "";
  const led = all("leds")[0];
  return {
    set: { Kind: kind, Output, Active: true },
    toggle: { Kind: kind, Output },
    pulse: { Kind: kind, Output, DurationMs: 1000 },
    "virtual-input": { Kind: kind, Input: 1, Active: true },
    led: { Kind: kind, Led: led?.Id ?? "", Colour: led?.Colours[0] ?? "none", FlashMs: 250, WhileActive: true },
    notify: { Kind: kind, Recipient, Message: "#{rule}" },
    "send-file": { Kind: kind, Recipient, File: "event-log", FileName: "events-%F.csv" },
    publish: { Kind: kind, Topic: "rule", Payload: "#{rule}", Qos: 0, Retain: false, UseDevicePrefix: true },
    log: { Kind: kind, Message: "#{rule}", Severity: "info" },
  }[kind];
};

export const Action = ({ action, set, error }) => {
  const { Kind } = action;
  const change = (next) => set(Object.fromEntries(Object.entries({ ...action, ...next }).filter(([, one]) => one !== undefined)));
  const field = (name) => ({
    label: word("events", name),
    value: action[name],
    set: (value) => change({ [name]: value }),
    error: new RegExp(`^${name}\\b`).test(error ?? "") ? error : undefined,
  });
  const shown = error && !Object.keys(action).some((name) => new RegExp(`^${name}\\b`).test(error));
  // Who may not see recipients cannot choose one; what a rule has stays.
  const possible = (kind) =>
    kind === "led" ? all("leds").length : !NETWORK.includes(kind) || (can("administrator") && recipients(kind).length);
  const kinds = KINDS.filter((kind) => kind === Kind || possible(kind));
  return html`
    <div class="sentence">
      <${SelectField}
        label=${t("events.do")}
        value=${Kind}
        set=${(kind) => set(beginAction(kind))}
        options=${kinds.map((kind) => [kind, t(`events.kind-${kind}`)])}
      />
      <${Fields} ...${{ action, field, change }} />
    </div>
    <details class="more">
      <summary>${t("events.more")}</summary>
      <div class="sentence">
        ${LASTING.includes(Kind) &&
        html`
          <${CheckField}
            ...${field("WhileActive")}
            hint=${t(Kind === "notify" ? "events.WhileActive-repeats" : "events.WhileActive-hint")}
            set=${(on) =>
              change({
                WhileActive: on || undefined,
                PeriodMs: on && Kind === "notify" ? 60_000 : undefined,
                DurationMs: !on && Kind === "led" ? 5_000 : undefined,
              })}
          />
        `}
        ${Kind === "notify" && action.WhileActive && html`<${NumberField} ...${field("PeriodMs")} unit="ms" low=${1000} high=${86_400_000} />`}
        <${NumberField}
          ...${field("DelayMs")}
          value=${action.DelayMs ?? 0}
          set=${(ms) => change({ DelayMs: ms || undefined })}
          unit="ms"
          low=${0}
          high=${86_400_000}
        />
        ${!["toggle", "pulse"].includes(Kind) &&
        html`<${CheckField} ...${field("AtMostOnce")} hint=${t("events.AtMostOnce-hint")} set=${(on) => change({ AtMostOnce: on || undefined })} />`}
        ${NETWORK.includes(Kind) &&
        html`
          <${NumberField} ...${field("Retries")} value=${action.Retries ?? 5} low=${0} high=${100} />
          <${NumberField} ...${field("TimeoutMs")} value=${action.TimeoutMs ?? ""} set=${(ms) => change({ TimeoutMs: ms === "" ? undefined : ms })} unit="ms" low=${1000} high=${600_000} />
        `}
      </div>
    </details>
    ${shown && html`<p class="problem" role="alert">${error}</p>`}
  `;
};

const Fields = ({ action, field, change }) => {
  const { Kind } = action;
  if (["set", "toggle", "pulse"].includes(Kind)) {
    return html`
      <${Choice} ...${field("Output")} options=${named(outputs())} />
      ${Kind === "set" && html`<${State} ...${field("Active")} />`}
      ${Kind === "pulse" && html`<${NumberField} ...${field("DurationMs")} unit="ms" hint="" />`}
    `;
  }
  if (Kind === "virtual-input") {
    return html`
      <${SelectField}
        ...${field("Input")}
        value=${String(action.Input)}
        set=${(number) => change({ Input: Number(number) })}
        options=${all("virtual-inputs").map((one) => [String(one.Number), one.Name])}
      />
      <${State} ...${field("Active")} />
    `;
  }
  if (Kind === "led") return html`<${Light} ...${{ action, field, change }} />`;
  if (Kind === "notify") return html`<${Notify} ...${{ action, field, change }} />`;
  if (Kind === "send-file") {
    return html`
      <${Choice} ...${field("Recipient")} options=${named(recipients(Kind))} />
      <${SelectField} ...${field("File")} options=${["event-log", "report"].map((one) => [one, t(`events.file-${one}`)])} />
      <${TextField} ...${field("FileName")} hint=${t("events.modifiers")} />
    `;
  }
  if (Kind === "publish") {
    return html`
      <${TextField} ...${field("Topic")} label=${t("events.mqtt-topic")} hint=${t("events.modifiers")} />
      <${TextField} ...${field("Payload")} hint=${t("events.modifiers")} />
      <${SelectField}
        ...${field("Qos")}
        value=${String(action.Qos ?? 0)}
        set=${(qos) => change({ Qos: Number(qos) })}
        options=${["0", "1", "2"].map((one) => [one, t(`events.qos-${one}`)])}
      />
      <${CheckField} ...${field("Retain")} />
      <${CheckField} ...${field("UseDevicePrefix")} />
    `;
  }
  return html`
    <${TextField} ...${field("Message")} hint=${t("events.modifiers")} />
    <${SelectField} ...${field("Severity")} options=${["info", "warning", "error"].map((one) => [one, t(`events.severity-${one}`)])} />
  `;
};

const Light = ({ action, field, change }) => {
  const leds = all("leds");
  const can = leds.find(({ Id }) => Id === action.Led)?.Colours ?? [];
  const colours = [...can, "none"].map((one) => [one, t(`events.colour-${one}`)]);
  return html`
    <${Choice} ...${field("Led")} options=${leds.map(({ Id, Terminal }) => [Id, Terminal])} />
    <${Choice} ...${field("Colour")} options=${colours} />
    <${NumberField}
      ...${field("FlashMs")}
      value=${action.FlashMs ?? 0}
      set=${(ms) => change({ FlashMs: ms || undefined, Between: ms ? action.Between : undefined })}
      hint=${t("events.FlashMs-hint")}
      unit="ms"
      low=${0}
      high=${60_000}
    />
    ${action.FlashMs && html`<${Choice} ...${field("Between")} value=${action.Between ?? "none"} options=${colours} />`}
    ${!action.WhileActive && html`<${NumberField} ...${field("DurationMs")} unit="ms" hint="" />`}
  `;
};

const Notify = ({ action, field, change }) => {
  const type = all("recipients").find(({ Id }) => Id === action.Recipient)?.Type;
  const http = type?.startsWith("http");
  return html`
    <${Choice} ...${field("Recipient")} options=${named(recipients("notify"))} />
    ${type === "smtp" && html`<${TextField} ...${field("Subject")} hint=${t("events.modifiers")} />`}
    <${TextField} ...${field("Message")} hint=${t("events.modifiers")} />
    ${http &&
    html`<${SelectField} ...${field("Method")} value=${action.Method ?? "GET"} options=${["GET", "POST", "PUT"].map((one) => [one, one])} />`}
    ${(type === "smtp" || (http && (action.Method ?? "GET") !== "GET")) &&
    html`<${TextArea} ...${field("Body")} set=${(text) => change({ Body: text || undefined })} hint=${t("events.modifiers")} />`}
    ${http && action.Body && html`<${TextField} ...${field("ContentType")} />`}
    ${http && html`<${Pairs} ...${field("Parameters")} />`} ${http && html`<${Pairs} ...${field("Headers")} />`}
  `;
};

// Names and values, one pair a line: "name=value".
const Pairs = ({ value, set, ...more }) => {
  const read = (text) =>
    Object.fromEntries(
      text
        .split("\n")
        .filter((line) => line.trim())
        .map((line) => line.split("="))
        .map(([name, ...rest]) => [name.trim(), rest.join("=").trim()]),
    );
  return html`
    <${TextArea}
      ...${more}
      hint=${t("events.pairs-hint")}
      value=${Object.entries(value ?? {}).map((pair) => pair.join("=")).join("\n")}
      set=${() => {}}
      onChange=${(event) => {
        const pairs = read(event.target.value);
        set(Object.keys(pairs).length ? pairs : undefined);
      }}
    />
  `;
};

const State = ({ value, set, ...more }) => html`
  <${SelectField}
    ...${more}
    value=${value ? "1" : "0"}
    set=${(next) => set(next === "1")}
    options=${["1", "0"].map((one) => [one, t(`topics.state-${one}`)])}
  />
`;

// What a rule has and is not there any more is still shown.
const Choice = ({ value, options, ...more }) => {
  const there = options.some(([id]) => id === value);
  const every = there ? options : [...options, [value, t("events.not-there", { name: value })]];
  return html`<${SelectField} ...${more} value=${value} options=${every} />`;
};
