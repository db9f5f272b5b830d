// The events that conditions can be on, with their sources by the names that people gave (docs/vapix-events.md).
import { t } from "../../i18n.js";
import { all, only, stateOf } from "../../store.js";
import { titleOf } from "../sensors/readings.js";

const numbered = (things) => things.map(({ Number: number, Name }) => [String(number), Name]);
const flag = (item) => [[item, ["1", "0"]]];

const subscriptions = (stateful) => () =>
  (only("mqtt-subscriptions")?.Filters ?? [])
    .filter((one) => Boolean(one.Stateful) === stateful)
    .map(({ TopicFilter }) => [TopicFilter, TopicFilter]);

const schedules = (kind) => () =>
  all("schedules")
    .filter(({ Kind }) => Kind === kind)
    .map(({ EventId, Name }) => [EventId, Name]);

const alarm = (id, name) => () =>
  all("alarms")
    .filter(({ Id }) => Id === id)
    .map(({ Name }) => [name, Name]);

// What a limit is told of, and what a value is told of that cannot be: a channel, or any channel of a sensor.
const channels = (wanted) => () =>
  all("sensors").flatMap(({ Id, Name, Channels, ChannelSettings }) => {
    const found = Channels.filter(({ Channel }) => wanted(ChannelSettings.find((one) => one.Channel === Channel)));
    const each = found.map((channel) => [`${Id}/${channel.Channel}`, `${Name}, ${titleOf(channel)}`]);
    return found.length > 1 ? [...each, [Id, t("events.any-channel", { name: Name })]] : each;
  });

// `keys`: the items of the source; `sources`: [value, name] pairs, of several items a value is theirs with "/" between
// them, the last ones left out where they are no matter; `items`: what data says, with its values, or none where it is any
// text or number; `words`: what the names of its texts begin with. Without `items` it only happens.
const KNOWN = [
  {
    topic: "tns1:Device/tnsaxis:IO/Port",
    keys: ["port"],
    sources: () => numbered(all("ports").filter((one) => one.Direction !== "output")),
    items: flag("state"),
  },
  {
    topic: "tns1:Device/tnsaxis:IO/SupervisedPort",
    keys: ["port"],
    sources: () => numbered(all("ports").filter((one) => one.Direction !== "output" && one.Supervision !== "none")),
    items: [
      ["state", ["open", "closed", "cut", "shorted", "undefined"]],
      ["tampered", ["1", "0"]],
    ],
  },
  {
    topic: "tns1:Device/tnsaxis:IO/OutputPort",
    keys: ["port"],
    sources: () => numbered(all("ports").filter((one) => one.Direction === "output")),
    items: flag("state"),
  },
  {
    topic: "tns1:Device/Trigger/Relay",
    keys: ["RelayToken"],
    sources: () => numbered(all("relays")),
    items: [["LogicalState", ["active", "inactive"]]],
  },
  {
    topic: "tns1:UserAlarm/tnsaxis:Recurring/Interval",
    keys: ["id"],
    sources: schedules("interval"),
    items: flag("active"),
  },
  { topic: "tns1:UserAlarm/tnsaxis:Recurring/Pulse", keys: ["id"], sources: schedules("pulse") },
  {
    topic: "tns1:Device/tnsaxis:IO/VirtualPort",
    keys: ["port"],
    sources: () => numbered(all("manual-triggers")),
    items: flag("state"),
  },
  {
    topic: "tns1:Device/tnsaxis:IO/VirtualInput",
    keys: ["port"],
    sources: () => numbered(all("virtual-inputs")),
    items: flag("active"),
  },
  {
    topic: "tns1:Device/tnsaxis:Casing/Open",
    keys: ["Name"],
    sources: alarm("casing", "JunctionBox"),
    items: flag("Open"),
  },
  { topic: "tnsaxiod:Device/Motion", keys: ["Name"], sources: alarm("motion", "Device motion"), items: flag("Moved") },
  {
    topic: "tnsaxiod:Device/ExternalTamper",
    keys: ["Name"],
    sources: alarm("tamper", "External tamper"),
    items: flag("Tampered"),
  },
  {
    topic: "tnsaxiod:Sensors/Online",
    keys: ["sensor"],
    sources: () => all("sensors").map(({ Id, Name }) => [Id, Name]),
    items: flag("online"),
  },
  {
    topic: "tnsaxiod:Sensors/Threshold",
    keys: ["sensor", "channel"],
    sources: channels((settings) => settings?.Above !== undefined || settings?.Below !== undefined),
    items: [
      ["active", ["1", "0"]],
      ["level", ["above", "below", "normal"]],
    ],
    words: "limit-",
  },
  {
    topic: "tnsaxiod:Sensors/OutOfRange",
    keys: ["sensor", "channel"],
    sources: channels(() => true),
    items: flag("active"),
    words: "range-",
  },
  { topic: "tns1:Device/tnsaxis:Status/SystemReady", sources: () => [], items: flag("ready") },
  { topic: "tns1:Device/tnsaxis:MQTT/ClientStatus", sources: () => [], items: flag("connected") },
  { topic: "tnsaxiod:MQTT/Stateful", keys: ["subscription"], sources: subscriptions(true), items: [["payload"]] },
  { topic: "tnsaxiod:MQTT/Stateless", keys: ["subscription"], sources: subscriptions(false) },
  { topic: "tns1:Device/tnsaxis:SystemMessage/ActionFailed", sources: () => [] },
];

/** What is known of a topic; undefined where people have to spell it. */
export const declared = (topic) => KNOWN.find((one) => one.topic === topic);

/** The topics that can be chosen now: those whose sources are there. */
export const topics = () => KNOWN.filter((one) => !one.keys || one.sources().length > 0);

/** What an item of a topic that is known says with a value, in words. */
export const valueText = (known, item, value) => t(`topics.${known.words ?? ""}${item}-${value}`);

const SOME = "*";

/** The value among `sources` that a source is; undefined where it is any: the device leaves out one that is empty. */
export const valueOf = (known, source = {}) => {
  const [key, ...others] = known.keys;
  if (!known.keys.some((one) => one in source)) return undefined;
  if (!others.length) return source[key];
  const parts = known.keys.map((one) => source[one] ?? SOME);
  return parts.at(-1) === SOME ? parts.slice(0, -1).join("/") : parts.join("/");
};

/** The source that a value among `sources` stands for. */
export const sourceOf = (known, value) => {
  const parts = known.keys.length > 1 ? value.split("/") : [value];
  return Object.fromEntries(known.keys.map((key, place) => [key, parts[place]]).filter(([, part]) => part !== undefined && part !== SOME));
};

/** A condition on a topic, as it begins. */
export const begin = (known) => {
  const [item, values] = known.items?.[0] ?? [];
  const source = known.keys ? sourceOf(known, known.sources()[0]?.[0] ?? "") : {};
  const data = item ? { Item: item, Equals: values?.[0] ?? "" } : {};
  return { Topic: known.topic, Source: source, ...data };
};

// As the engine judges: a number for limits, otherwise the same text.
const judge = ({ Item, Equals, Above, Below }, data) => {
  const value = data[Item];
  if (value === undefined) return undefined;
  if (Equals !== undefined) return value === Equals;
  const number = Number(value);
  if (value.trim() === "" || Number.isNaN(number)) return undefined;
  return (Above === undefined || number > Above) && (Below === undefined || number < Below);
};

/**
 * How a condition stands by what the page knows: {holds: true | false | undefined where nothing is known, value,
 * usec}; {momentary: true} for what only happens. It follows what happens. The time of ForMs is not looked at.
 */
export const standing = (condition) => {
  if (!condition.Item) return { momentary: true };
  const known = declared(condition.Topic);
  const wanted = condition.Source ?? {};
  const exact = !known?.keys || known.keys.every((key) => key in wanted);
  const fits = (source) => Object.entries(wanted).every(([key, value]) => source[key] === value);
  const sources = exact ? [wanted] : known.sources().map(([value]) => sourceOf(known, value)).filter(fits);
  let found;
  for (const source of sources) {
    const event = stateOf(condition.Topic, source).value;
    const verdict = event && judge(condition, event.Data);
    if (verdict === undefined) continue;
    if (!found || (verdict && !found.verdict)) {
      found = { verdict, value: event.Data[condition.Item], usec: event.TimestampUsec };
    }
  }
  if (!found) return {};
  return { holds: found.verdict !== Boolean(condition.Inverted), value: found.value, usec: found.usec };
};
