// The events that conditions can be on, with their sources by the names that people gave (docs/vapix-events.md).
import { t } from "../../i18n.js";
import { all, only, stateOf } from "../../store.js";

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

// `key`: the item of the source; `sources`: [value, name] pairs; `items`: what data says, with its values, or none where
// it is any text or number. Without `items` it only happens.
const KNOWN = [
  {
    topic: "tns1:Device/tnsaxis:IO/Port",
    key: "port",
    sources: () => numbered(all("ports").filter((one) => one.Direction !== "output")),
    items: flag("state"),
  },
  {
    topic: "tns1:Device/tnsaxis:IO/SupervisedPort",
    key: "port",
    sources: () => numbered(all("ports").filter((one) => one.Direction !== "output" && one.Supervision !== "none")),
    items: [
      ["state", ["open", "closed", "cut", "shorted", "undefined"]],
      ["tampered", ["1", "0"]],
    ],
  },
  {
    topic: "tns1:Device/tnsaxis:IO/OutputPort",
    key: "port",
    sources: () => numbered(all("ports").filter((one) => one.Direction === "output")),
    items: flag("state"),
  },
  {
    topic: "tns1:Device/Trigger/Relay",
    key: "RelayToken",
    sources: () => numbered(all("relays")),
    items: [["LogicalState", ["active", "inactive"]]],
  },
  {
    topic: "tns1:UserAlarm/tnsaxis:Recurring/Interval",
    key: "id",
    sources: schedules("interval"),
    items: flag("active"),
  },
  { topic: "tns1:UserAlarm/tnsaxis:Recurring/Pulse", key: "id", sources: schedules("pulse") },
  {
    topic: "tns1:Device/tnsaxis:IO/VirtualPort",
    key: "port",
    sources: () => numbered(all("manual-triggers")),
    items: flag("state"),
  },
  {
    topic: "tns1:Device/tnsaxis:IO/VirtualInput",
    key: "port",
    sources: () => numbered(all("virtual-inputs")),
    items: flag("active"),
  },
  {
    topic: "tns1:Device/tnsaxis:Casing/Open",
    key: "Name",
    sources: alarm("casing", "JunctionBox"),
    items: flag("Open"),
  },
  { topic: "tnsaxiod:Device/Motion", key: "Name", sources: alarm("motion", "Device motion"), items: flag("Moved") },
  {
    topic: "tnsaxiod:Device/ExternalTamper",
    key: "Name",
    sources: alarm("tamper", "External tamper"),
    items: flag("Tampered"),
  },
  {
    topic: "tnsaxiod:Sensors/Online",
    key: "sensor",
    sources: () => all("sensors").map(({ Id, Name }) => [Id, Name]),
    items: flag("online"),
  },
  { topic: "tns1:Device/tnsaxis:Status/SystemReady", sources: () => [], items: flag("ready") },
  { topic: "tns1:Device/tnsaxis:MQTT/ClientStatus", sources: () => [], items: flag("connected") },
  { topic: "tnsaxiod:MQTT/Stateful", key: "subscription", sources: subscriptions(true), items: [["payload"]] },
  { topic: "tnsaxiod:MQTT/Stateless", key: "subscription", sources: subscriptions(false) },
  { topic: "tns1:Device/tnsaxis:SystemMessage/ActionFailed", sources: () => [] },
];

/** What is known of a topic; undefined where people have to spell it. */
export const declared = (topic) => KNOWN.find((one) => one.topic === topic);

/** The topics that can be chosen now: those whose sources are there. */
export const topics = () => KNOWN.filter((one) => !one.key || one.sources().length > 0);

/** What an item says with a value, in words. */
export const valueText = (item, value) => t(`topics.${item}-${value}`);

/** A condition on a topic, as it begins. */
export const begin = (known) => {
  const [item, values] = known.items?.[0] ?? [];
  const source = known.key ? { [known.key]: known.sources()[0]?.[0] ?? "" } : {};
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
  const exact = !known?.key || known.key in condition.Source;
  const sources = exact ? [condition.Source] : known.sources().map(([value]) => ({ [known.key]: value }));
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
