// Values with how far they can be trusted, times, and ages.
import { html, names } from "../lib.js";
import { format, number, word } from "../i18n.js";
import { now } from "../clock.js";
import { Icon } from "./icon.js";

const STEPS = [
  ["second", 1000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
];

/** How long ago a time is, in words; `usec` since 1970. */
export const ago = (usec, at = now.value) => {
  const passed = Math.max(0, at - usec / 1000);
  const [unit, ms] = STEPS.findLast(([, length]) => passed >= length) ?? STEPS[0];
  return format("RelativeTimeFormat", { numeric: "auto", style: "short" }).format(-Math.floor(passed / ms), unit);
};

/** An age that grows; hovering shows the time. Nothing where there is no time. */
export const Age = ({ usec }) =>
  usec === undefined || usec === null
    ? null
    : html`<time class="age" datetime=${new Date(usec / 1000).toISOString()} title=${moment(usec)}>${ago(usec)}</time>`;

/** A time as the language writes it; `usec` since 1970. `zone`: as in IANA's database; the browser's without it. */
export const moment = (usec, { zone, seconds = true } = {}) =>
  format("DateTimeFormat", {
    dateStyle: "medium",
    timeStyle: seconds ? "medium" : "short",
    timeZone: zone,
  }).format(usec / 1000);

/** The time of day of something recent. */
export const clockTime = (usec) =>
  format("DateTimeFormat", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 }).format(usec / 1000);

/** A length of time in words: 90 s as "1 min 30 s"; `ms` milliseconds. */
export const duration = (ms) => {
  if (ms < 1000) return `${ms} ms`;
  const parts = [];
  let left = Math.floor(ms / 1000);
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    if (left >= length) parts.push(`${Math.floor(left / length)} ${unit}`);
    left %= length;
  }
  return parts.slice(0, 2).join(" ");
};

/** Ohms as an electrician writes them: 4.7 kΩ. */
export const ohms = (value) => {
  if (value === undefined) return "";
  if (value >= 1e6) return `${number(value / 1e6)} MΩ`;
  return value >= 1000 ? `${number(value / 1000, value >= 1e4 ? 1 : 2)} kΩ` : `${number(value, 0)} Ω`;
};

/** A mark for a quality that is not "good": the word, and the problem where there is one. */
export const Quality = ({ quality, problem }) =>
  !quality || quality === "good"
    ? null
    : html`<span class=${names("badge", quality === "fault" ? "bad" : "warn")} title=${problem}>
        <${Icon} name="warn" />${word("words", quality)}
      </span>`;

/** A small word with a colour: `kind` is "good", "warn", "bad", "live" or nothing. */
export const Badge = ({ kind, icon, children }) => html`
  <span class=${names("badge", kind)}>${icon && html`<${Icon} name=${icon} />`}${children}</span>
`;

/** A reading: value and unit, its quality, and its age as soon as it is not good. `old`: the connection is lost. */
export const Reading = ({ value, unit, quality, usec, old, problem }) => html`
  <span class=${names("reading", (old || (quality && quality !== "good")) && "old")}>
    ${value === undefined || value === null ? html`<span class="muted">–</span>` : html`<span class="live">${value}</span>`}
    ${unit && value !== undefined && html`<span class="unit">${unit}</span>`}
    <${Quality} ...${{ quality, problem }} />
    ${(old || (quality && quality !== "good")) && html`<${Age} usec=${usec} />`}
  </span>
`;
