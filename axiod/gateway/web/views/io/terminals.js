// What the terminals of the board are: ports, relays and alarms by one description, and where each is on the board.
import { ids, thing } from "../../store.js";
import { t, word } from "../../i18n.js";
import { to } from "../../router.js";

export const KINDS = ["relays", "ports", "alarms"];

/** Every terminal that there is, as [kind, id]. */
export const terminals = () => KINDS.flatMap((kind) => ids(kind).value.map((id) => [kind, id]));

/** Where a terminal's details are; `view`: the view beside which they are shown. */
export const addressOf = (view, kind, id) => to("io", view, kind, id);

const PLACE = /^(.+?),?\s+pins?\s+(.+)$/i;
const PIN = /(\d+)(?:\s*\(([^)]+)\))?/g;

/**
 * Where a wire goes, from the words of the board profile: "Relay connector, pins 2 (NO), 3 (COM) and 4 (NC)" is
 * {block: "Relay connector", pins: [{number: 2, label: "NO"}, ...]}. A connector without pins is a block of its own.
 */
export const placeOf = (connector) => {
  const found = PLACE.exec(connector);
  if (!found) return { block: connector, pins: [] };
  const pins = [...found[2].matchAll(PIN)].map(([, number, label = ""]) => ({ number: Number(number), label }));
  return { block: found[1], pins };
};

/** The blocks of the board in the order of its profile: [{title, wires: [{kind, id, pins}]}], wires in order of pins. */
export const blocks = () => {
  const found = new Map();
  for (const [kind, id] of terminals()) {
    const one = thing(kind, id).peek();
    if (!one || kind === "alarms" && !one.Connector) continue;
    const { block, pins } = placeOf(one.Connector);
    if (!found.has(block)) found.set(block, []);
    found.get(block).push({ kind, id, pins, number: one.Number ?? Infinity });
  }
  for (const wires of found.values()) {
    wires.sort((a, b) => (a.pins[0]?.number ?? 0) - (b.pins[0]?.number ?? 0) || a.number - b.number);
  }
  return [...found].map(([title, wires]) => ({ title, wires }));
};

/** Whether a terminal is something that can be switched now. */
export const isOutput = (kind, one) => kind === "relays" || one.Direction === "output";

/** The shape of its circuit: "open", "closed", "short", "cut", or "unknown". */
export const shapeOf = (kind, one) => {
  if (kind === "relays") return one.Active === undefined ? "unknown" : one.Active ? "closed" : "open";
  return one.SupervisedState ?? one.State ?? "unknown";
};

/** How it is told apart by colour: "tampered", "active", "idle" or "unknown". */
export const toneOf = (one) => {
  if (one.Active === undefined) return "unknown";
  return one.Tampered ? "tampered" : one.Active ? "active" : "idle";
};

/** Its state in words. */
export const stateText = (kind, one) => {
  if (one.Active === undefined) return word("words", one.Quality === "fault" ? "fault" : "never");
  if (one.Tampered) return `${t("io.tampered")}: ${word("words", one.SupervisedState)}`;
  const active = t(one.Active ? "words.active" : "words.inactive");
  return kind === "relays" ? active : `${active} · ${word("words", shapeOf(kind, one))}`;
};

/** What it is, in a word. */
export const sortText = (kind, one) => {
  if (kind === "relays") return t("io.relay");
  if (kind === "alarms") return t("io.alarm");
  return t(`io.${one.Direction}`);
};
