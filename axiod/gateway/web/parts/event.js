// Events for people: what happened, to what, by the names that its users gave.
import { html, untracked } from "../lib.js";
import { has, t } from "../i18n.js";
import { ids, thing } from "../store.js";
import { clockTime, moment } from "./value.js";

// Topic -> [kind, the item of the source, what of the thing that is].
const BY_TOPIC = {
  "tns1:Device/tnsaxis:IO/Port": ["ports", "port", "Number"],
  "tns1:Device/tnsaxis:IO/OutputPort": ["ports", "port", "Number"],
  "tns1:Device/tnsaxis:IO/SupervisedPort": ["ports", "port", "Number"],
  "tns1:Device/Trigger/DigitalInput": ["ports", "InputToken", "Number"],
  "tns1:Device/Trigger/Relay": ["ports", "RelayToken", "Number"],
  "tns1:Device/tnsaxis:IO/VirtualPort": ["manual-triggers", "port", "Number"],
  "tns1:Device/tnsaxis:IO/VirtualInput": ["virtual-inputs", "port", "Number"],
  "tns1:UserAlarm/tnsaxis:Recurring/Interval": ["schedules", "id", "EventId"],
  "tns1:UserAlarm/tnsaxis:Recurring/Pulse": ["schedules", "id", "EventId"],
  "tnsaxiod:Sensors/Threshold": ["sensors", "sensor", "Id"],
  "tnsaxiod:Sensors/OutOfRange": ["sensors", "sensor", "Id"],
  "tnsaxiod:Sensors/Value": ["sensors", "sensor", "Id"],
  "tnsaxiod:Sensors/Online": ["sensors", "sensor", "Id"],
};

/** The end of a topic without its namespaces: "tns1:Device/tnsaxis:IO/Port" is "IO/Port". */
export const topicText = (topic) => {
  const key = `topics.${topic.replace(/\w+:/g, "")}`;
  return has(key) ? t(key) : topic.split("/").slice(-2).join("/").replace(/\w+:/g, "");
};

// The name of a thing as it is now. Lists of events are long and what they are about is busy, so they do not follow it.
const nameOf = (kind, property, wanted) =>
  untracked(() => {
    const found = ids(kind).value.find((id) => String(thing(kind, id).value?.[property]) === wanted);
    return found === undefined ? undefined : thing(kind, found).value.Name;
  });

/** What it happened to: the name of the port, relay and so on, or the source as it is. */
export const sourceText = ({ Topic, Source }) => {
  const [kind, item, property] = BY_TOPIC[Topic] ?? [];
  // Ports and relays are numbered together.
  const kinds = kind === "ports" ? ["ports", "relays"] : kind ? [kind] : [];
  for (const one of kinds) {
    const name = nameOf(one, property, Source[item]);
    if (name !== undefined) return [name, Source.channel].filter(Boolean).join(", ");
  }
  return Object.entries(Source)
    .map(([name, value]) => (name === "Name" ? value : `${name} ${value}`))
    .join(", ");
};

/** What it says: its data in words. */
export const dataText = ({ Data }) =>
  Object.entries(Data)
    .map(([name, value]) => (has(`topics.${name}-${value}`) ? t(`topics.${name}-${value}`) : `${name}: ${value}`))
    .join(", ");

/** Whether an event says in ONVIF's words what another one says besides. */
export const isTwin = ({ Topic }) => Topic.startsWith("tns1:Device/Trigger/");

/** One event in a line. `dated`: with its day. */
export const EventLine = ({ event, dated }) => html`
  <span class="event-line">
    <time datetime=${new Date(event.TimestampUsec / 1000).toISOString()} title=${moment(event.TimestampUsec)}>
      ${dated ? moment(event.TimestampUsec) : clockTime(event.TimestampUsec)}
    </time>
    <span class="topic" title=${event.Topic}>${topicText(event.Topic)}</span>
    <strong class="text">${sourceText(event)}</strong>
    <span class="text">${dataText(event)}</span>
  </span>
`;
