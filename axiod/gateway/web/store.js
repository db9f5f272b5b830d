// Everything the device said, kept up to date by one WebSocket (docs/rest.md, "Live"). Views read signals; only this
// module writes them.
import { batch, signal } from "./lib.js";
import { look } from "./session.js";
import { now } from "./clock.js";
import { KINDS } from "./services.js";

const KEPT_EVENTS = 300;
const QUIET_MS = 4000;
const PROBE_MS = 3000;
const WAITS_MS = [250, 500, 1000, 2000, 4000];
const ORDER = new Intl.Collator("en", { numeric: true });

/** The connection: {state: "connecting" | "live" | "lost", since: when that began, in the device's milliseconds}. */
export const link = signal({ state: "connecting", since: Date.now() });

/** The services, there or away: {Id, Available, Health, Problems, Status, ...}. */
export const services = signal([]);

/** The latest events, newest first: {key, Service, Topic, Source, Data, TimestampUsec}. */
export const events = signal([]);

/** How many events arrived since the page was opened. */
export const heard = signal(0);

/** Counts up when something may have been missed (the stream began anew): who asked for more than the store has asks again. */
export const resyncs = signal(0);

const kinds = new Map(); // kind -> {ids: signal, things: Map of id -> signal}
const states = new Map(); // topic and source -> signal of the latest event
const stale = new Map(); // kind -> Set of ids that were not told again since their service went away

const kindOf = (kind) => {
  if (!kinds.has(kind)) kinds.set(kind, { ids: signal([]), things: new Map() });
  return kinds.get(kind);
};

const slot = (kind, id) => {
  const { things } = kindOf(kind);
  if (!things.has(id)) things.set(id, signal(undefined));
  return things.get(id);
};

/** A signal of the ids of a kind ("ports"), in order. */
export const ids = (kind) => kindOf(kind).ids;

/** A signal of one resource, undefined while it is not there. */
export const thing = (kind, id) => slot(kind, id);

/** All resources of a kind; follows each change of any, so large lists better use ids() and thing(). */
export const all = (kind) => ids(kind).value.map((id) => thing(kind, id).value);

/** The only resource of a kind ("device"), undefined while it is not known. */
export const only = (kind) => all(kind)[0];

/** A signal of the latest event of a topic and source; undefined where there was none. */
export const stateOf = (topic, source) => {
  const key = keyOf(topic, source);
  if (!states.has(key)) states.set(key, signal(undefined));
  return states.get(key);
};

const keyOf = (topic, source) => `${topic} ${JSON.stringify(Object.entries(source).sort())}`;

/** A service by its id ("io"), undefined where the device has none. */
export const service = (id) => services.value.find((one) => one.Id === id);

/** Whether what is shown of a kind is true now: the connection and its service are there. */
export const fresh = (kind) => link.value.state === "live" && (service(KINDS[kind])?.Available ?? true);

// --- what arrives ---

const put = (kind, thing) => {
  slot(kind, thing.Id).value = thing;
  stale.get(kind)?.delete(thing.Id);
  const { ids: known } = kindOf(kind);
  if (!known.value.includes(thing.Id)) known.value = [...known.value, thing.Id].sort(ORDER.compare);
};

const drop = (kind, id) => {
  const { ids: known, things } = kindOf(kind);
  known.value = known.value.filter((other) => other !== id);
  if (things.has(id)) things.get(id).value = undefined;
};

const snapshot = ({ Services, Resources, Events }) => {
  services.value = Services;
  stale.clear();
  for (const kind of new Set([...kinds.keys(), ...Object.keys(Resources)])) {
    const told = Resources[kind] ?? [];
    // What an absent service had is kept, and shown as old.
    if (!told.length && service(KINDS[kind])?.Available === false) continue;
    const there = new Set(told.map((one) => one.Id));
    for (const id of ids(kind).peek()) if (!there.has(id)) drop(kind, id);
    for (const one of told) slot(kind, one.Id).value = one;
    ids(kind).value = [...there].sort(ORDER.compare);
  }
  for (const event of Events) stateOf(event.Topic, event.Source).value = event;
  resyncs.value += 1;
};

const changed = ({ Resource, Id, Changed, Gone = [] }) => {
  const amended = (former) => {
    const next = { ...former, Id, ...Changed };
    for (const name of Gone) delete next[name];
    return next;
  };
  if (Resource === "services") services.value = services.peek().map((one) => (one.Id === Id ? amended(one) : one));
  else put(Resource, amended(slot(Resource, Id).peek()));
};

const serviceChanged = (record) => {
  const { Kind, Epoch, Sequence, ...told } = record;
  const former = services.peek();
  services.value = former.some((one) => one.Id === told.Id)
    ? former.map((one) => (one.Id === told.Id ? told : one))
    : [...former, told].sort((one, other) => ORDER.compare(one.Id, other.Id));
  for (const kind of Object.keys(KINDS).filter((name) => KINDS[name] === told.Id)) {
    if (!told.Available) stale.set(kind, new Set(ids(kind).peek()));
    else {
      for (const id of stale.get(kind) ?? []) drop(kind, id);
      stale.delete(kind);
    }
  }
};

const happened = (record) => {
  stateOf(record.Topic, record.Source).value = record;
  heard.value += 1;
  fed.push({ ...record, key: `${record.Epoch}-${record.Sequence}` });
};

let fed = [];
const TAKES = {
  snapshot,
  changed,
  removed: ({ Resource, Id }) => drop(Resource, Id),
  service: serviceChanged,
  event: happened,
};

let waiting = [];
let due = 0;

// Once for each picture that is drawn; a page that nobody sees does it now and then.
const soon = () => {
  if (due) return;
  due = document.hidden ? setTimeout(flush, 200) : requestAnimationFrame(flush);
};

document.addEventListener("visibilitychange", () => {
  if (waiting.length) flush();
});

const flush = () => {
  due = 0;
  const records = waiting;
  waiting = [];
  batch(() => {
    for (const record of records) TAKES[record.Kind]?.(record);
    if (fed.length) {
      events.value = [...fed.reverse(), ...events.peek()].slice(0, KEPT_EVENTS);
      fed = [];
    }
  });
};

// --- the connection ---

let socket;
let position = "";
let last = 0;
let failures = 0;
let timer;
let wanted = false;

const become = (state) => {
  if (link.value.state === state) return;
  link.value = { state, since: now.value };
  document.documentElement.dataset.link = state;
};

const open = () => {
  clearTimeout(timer);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const since = position ? `?since=${position}` : "";
  const mine = new WebSocket(`${scheme}://${location.host}/api/v1/events${since}`);
  socket = mine;
  last = performance.now();
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    last = performance.now();
    failures = 0;
    become("live");
    const record = JSON.parse(data);
    position = `${record.Epoch}-${record.Sequence}`;
    if (record.Kind === "heartbeat") return;
    waiting.push(record);
    soon();
  };
  mine.onopen = () => {
    // A stream that goes on where it was says nothing until something happens.
    if (mine === socket && position) become("live");
  };
  mine.onclose = ({ code }) => {
    if (mine === socket) lost(code);
  };
};

const lost = (code) => {
  socket = undefined;
  become("lost");
  if (!wanted) return;
  // A refused upgrade says nothing of its reason to a page, so ask who we are: the session may have ended.
  const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)];
  failures += 1;
  timer = setTimeout(async () => {
    try {
      const { Role } = await look();
      if (Role) open();
    } catch {
      lost(code);
    }
  }, wait * (0.75 + Math.random() / 2));
};

const giveUp = () => {
  const former = socket;
  socket = undefined;
  former?.close();
  lost();
};

// A cable that was pulled ends no connection; so when nothing was said for a while, see whether anybody is there.
const probe = async () => {
  const mine = socket;
  if (document.hidden || mine?.readyState !== WebSocket.OPEN || performance.now() - last < QUIET_MS) return;
  try {
    // Whether all services are there is no matter.
    await fetch("/", { method: "HEAD", signal: AbortSignal.timeout(PROBE_MS), cache: "no-store" });
    last = performance.now();
  } catch {
    if (mine === socket) giveUp();
  }
};

setInterval(probe, 1000);
addEventListener("offline", () => socket && giveUp());
addEventListener("online", () => {
  if (!socket && wanted) {
    clearTimeout(timer);
    open();
  }
});

/** Follow the device from now on, with the rights of the present session. */
export const follow = () => {
  wanted = true;
  failures = 0;
  const former = socket;
  socket = undefined;
  former?.close();
  // Another person may see other things: begin with a snapshot.
  position = "";
  become("connecting");
  open();
};

/** Stop, and forget everything: what one person saw is not for the next. */
export const forget = () => {
  wanted = false;
  clearTimeout(timer);
  const former = socket;
  socket = undefined;
  former?.close();
  position = "";
  waiting = [];
  batch(() => {
    for (const kind of kinds.keys()) for (const id of ids(kind).peek()) drop(kind, id);
    events.value = [];
    services.value = [];
  });
  states.clear();
  become("connecting");
};

