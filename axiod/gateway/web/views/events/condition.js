// One condition as a sentence, and how it stands now.
import { html, names } from "../../lib.js";
import { t, word } from "../../i18n.js";
import { fresh } from "../../store.js";
import { topicText } from "../../parts/event.js";
import { CheckField, NumberField, SelectField, TextField } from "../../parts/field.js";
import { Age, Badge } from "../../parts/value.js";
import { begin, declared, sourceOf, standing, topics, valueOf, valueText } from "./catalogue.js";
import { conditionText } from "./words.js";

const OTHER = "other";
const ANY = "";
const HOW = ["equals", "not-equals", "above", "below", "between"];

export const Condition = ({ condition, set, error }) => {
  const known = declared(condition.Topic);
  const offered = topics();
  const choose = (topic) => {
    const next = declared(topic);
    set(next ? begin(next) : { Topic: "", Source: {}, Item: "", Equals: "" });
  };
  const titles = offered.map(({ topic }) => [topic, topicText(topic)]);
  if (known && !offered.includes(known)) titles.push([known.topic, topicText(known.topic)]);
  return html`
    <div class="sentence">
      <${SelectField}
        label=${t("events.event")}
        value=${known ? known.topic : OTHER}
        set=${choose}
        options=${[...titles, [OTHER, t("events.other")]]}
      />
      ${known
        ? known.keys && html`<${Source} ...${{ condition, set, known }} />`
        : html`<${Spelled} ...${{ condition, set }} />`}
      <${Wanted} ...${{ condition, set, known }} />
    </div>
    <${Now} condition=${condition} />
    ${error && html`<p class="problem" role="alert">${error}</p>`}
  `;
};

const Source = ({ condition, set, known }) => {
  const sources = known.sources();
  const wanted = valueOf(known, condition.Source);
  const options = [...sources, [ANY, t("events.any")]];
  if (wanted !== undefined && !sources.some(([value]) => value === wanted)) {
    options.push([wanted, t("events.not-there", { name: wanted })]);
  }
  return html`
    <${SelectField}
      label=${t("events.which")}
      value=${wanted ?? ANY}
      set=${(value) => set({ ...condition, Source: value === ANY ? {} : sourceOf(known, value) })}
      options=${options}
    />
  `;
};

// An event that the page has no list of: its topic, source and item are written as they are.
const Spelled = ({ condition, set }) => {
  const source = Object.entries(condition.Source ?? {});
  const read = (text) =>
    Object.fromEntries(
      text
        .split(",")
        .map((pair) => pair.split("="))
        .filter(([name]) => name.trim())
        .map(([name, ...value]) => [name.trim(), value.join("=").trim()]),
    );
  return html`
    <${TextField} label=${t("events.Topic")} value=${condition.Topic} set=${(Topic) => set({ ...condition, Topic })} />
    <${TextField}
      label=${t("events.Source")}
      hint=${t("events.Source-hint")}
      value=${source.map(([name, value]) => `${name}=${value}`).join(", ")}
      onChange=${(event) => set({ ...condition, Source: read(event.target.value) })}
      set=${() => {}}
    />
    <${TextField}
      label=${t("events.Item")}
      hint=${t("events.Item-hint")}
      value=${condition.Item}
      set=${(Item) => {
        const { Equals, Above, Below, Inverted, ForMs, ...rest } = condition;
        const limits = { Equals: Equals ?? (Above === undefined && Below === undefined ? "" : undefined), Above, Below };
        set(Item ? clean({ ...rest, ...limits, Inverted, ForMs, Item }) : clean({ ...rest, Item: undefined }));
      }}
    />
  `;
};

const clean = (record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

const howOf = ({ Above, Below, Inverted }) => {
  if (Above !== undefined && Below !== undefined) return "between";
  if (Above !== undefined) return "above";
  if (Below !== undefined) return "below";
  return Inverted ? "not-equals" : "equals";
};

const Wanted = ({ condition, set, known }) => {
  const items = known?.items;
  if (known ? !items : !condition.Item) return html`<p class="happens">${t("events.it-happens")}</p>`;
  const { Item } = condition;
  const values = items?.find(([item]) => item === Item)?.[1];
  const how = howOf(condition);
  const change = (next) => set(clean({ ...condition, ...next }));
  const choose = (next) => {
    const Equals = next.endsWith("equals") ? (condition.Equals ?? "") : undefined;
    const Above = next === "above" || next === "between" ? (condition.Above ?? 0) : undefined;
    const Below = next === "below" || next === "between" ? (condition.Below ?? 100) : undefined;
    change({ Equals, Above, Below, Inverted: next === "not-equals" ? true : undefined });
  };
  return html`
    ${items?.length > 1 &&
    html`
      <${SelectField}
        label=${t("events.of-it")}
        value=${Item}
        set=${(item) => change({ Item: item, Equals: items.find(([one]) => one === item)[1][0] })}
        options=${items.map(([item]) => [item, word("events", `item-${item}`)])}
      />
    `}
    ${values
      ? html`
          <${SelectField}
            label=${t("events.how")}
            value=${how}
            set=${choose}
            options=${HOW.slice(0, 2).map((one) => [one, t(`events.how-${one}`)])}
          />
          <${SelectField}
            label=${t("events.value")}
            value=${condition.Equals}
            set=${(Equals) => change({ Equals })}
            options=${values.map((value) => [value, valueText(known, Item, value)])}
          />
        `
      : html`
          <${SelectField}
            label=${t("events.how")}
            value=${how}
            set=${choose}
            options=${HOW.map((one) => [one, t(`events.how-${one}`)])}
          />
          ${how.endsWith("equals") &&
          html`<${TextField} label=${t("events.value")} value=${condition.Equals} set=${(Equals) => change({ Equals })} />`}
          ${condition.Above !== undefined &&
          html`<${Limit} label=${t("events.how-above")} value=${condition.Above} set=${(Above) => change({ Above })} />`}
          ${condition.Below !== undefined &&
          html`<${Limit} label=${t("events.how-below")} value=${condition.Below} set=${(Below) => change({ Below })} />`}
          ${!how.endsWith("equals") &&
          html`<${CheckField} label=${t("events.Inverted")} value=${condition.Inverted} set=${(on) => change({ Inverted: on || undefined })} />`}
        `}
    <${NumberField}
      label=${t("events.ForMs")}
      hint=""
      unit="ms"
      value=${condition.ForMs ?? 0}
      set=${(ForMs) => change({ ForMs: ForMs || undefined })}
    />
  `;
};

const Limit = ({ label, value, set }) => html`
  <${NumberField}
    ...${{ label, value, set }}
    whole=${false}
    error=${typeof value === "number" ? undefined : t("shell.wrong-number")}
  />
`;

const Now = ({ condition }) => {
  const { holds, momentary, value, usec } = standing(condition);
  const kind = holds === undefined ? undefined : holds ? "live" : "warn";
  const key = momentary ? "momentary" : holds === undefined ? "unknown" : holds ? "holds" : "holds-not";
  return html`
    <p class=${names("condition-now live", !fresh("rules") && "old")} data-holds=${key}>
      <${Badge} kind=${kind}>${t(`events.${key}`)}<//>
      <span>${conditionText(condition)}</span>
      ${value !== undefined && html`<span class="muted">${t("events.is-now", { value: nowText(condition, value) })} <${Age} usec=${usec} /></span>`}
    </p>
  `;
};

const nowText = ({ Topic, Item }, value) => {
  const known = declared(Topic);
  return known?.items?.some(([item, values]) => item === Item && values) ? valueText(known, Item, value) : value;
};
