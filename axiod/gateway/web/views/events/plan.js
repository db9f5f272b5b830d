// Schedules as people think of them: on these days from then to then, or every so often; and the same as iCalendar.
// What a rule says beyond that has no plan, and is edited as text.

export const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const DAY = 1440;
/** Minutes of a week. */
export const WEEK = 7 * DAY;
// A Monday: whatever recurs weekly may begin there.
const MONDAY = Date.UTC(2026, 0, 5);
const FINE = { MINUTELY: 1, HOURLY: 60 };

const ENTRY = /^DTSTART:(\S+)(?: DTEND:(\S+))?(?: RRULE:(\S+))?$/;
const TIME = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d)(?::?00)?$/;

const two = (value) => String(value).padStart(2, "0");

/** Minutes of a day as a field of time has them: 510 is "08:30". */
export const clock = (minutes) => `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;

/** The other way round; undefined for what is no time. */
export const minutesOf = (text) => {
  const [, hours, minutes] = /^(\d\d):(\d\d)/.exec(text) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
};

const moment = (text) => {
  const [, year, month, day, hours, minutes] = (TIME.exec(text) ?? []).map(Number);
  return year === undefined ? undefined : { date: Date.UTC(year, month - 1, day), minutes: hours * 60 + minutes };
};

const weekday = (date) => (new Date(date).getUTCDay() + 6) % 7;

// One entry: {days, from, to, later} of an interval, {days, from} of a pulse, {every} minutes; undefined where it is more.
const spanOf = (text, today) => {
  const [, start, end, rule = ""] = ENTRY.exec(text) ?? [];
  const begin = moment(start);
  if (!begin || begin.date > today) return undefined;
  const { FREQ, BYDAY, INTERVAL, WKST = "MO", ...others } = Object.fromEntries(rule.split(";").filter(Boolean).map((part) => part.split("=")));
  if (Object.keys(others).length || WKST !== "MO") return undefined;
  if (FREQ in FINE) {
    const every = FINE[FREQ] * Number(INTERVAL ?? 1);
    return end || BYDAY || begin.minutes || DAY % every ? undefined : { every };
  }
  if (INTERVAL !== undefined || !["WEEKLY", "DAILY"].includes(FREQ)) return undefined;
  let days = FREQ === "DAILY" ? DAYS.map((_, at) => at) : [weekday(begin.date)];
  if (BYDAY) days = BYDAY.split(",").map((day) => DAYS.indexOf(day));
  if (days.includes(-1)) return undefined;
  days.sort();
  if (!end) return { days, from: begin.minutes };
  const stop = moment(end);
  if (!stop) return undefined;
  const later = (stop.date - begin.date) / 86_400_000;
  return later > 7 ? undefined : { days, from: begin.minutes, to: stop.minutes, later };
};

/** The spans of a text; undefined where it has no plan. `today`: milliseconds; what begins later has none. */
export const planOf = (text, today) => {
  const entries = text.trim().toUpperCase().replace(/\s+/g, " ").split(/ (?=DTSTART:)/);
  const spans = entries.map((entry) => spanOf(entry, today));
  return spans.includes(undefined) ? undefined : spans;
};

const stamp = (day, minutes) => {
  const at = new Date(MONDAY + day * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "");
  return `${at}T${clock(minutes).replace(":", "")}00`;
};

const entryOf = ({ every, days, from, to, later }) => {
  if (every) {
    const rule = every % 60 ? `MINUTELY;INTERVAL=${every}` : `HOURLY;INTERVAL=${every / 60}`;
    return `DTSTART:${stamp(0, 0)} RRULE:FREQ=${rule}`;
  }
  const end = to === undefined ? "" : ` DTEND:${stamp(days[0] + later, to)}`;
  return `DTSTART:${stamp(days[0], from)}${end} RRULE:FREQ=WEEKLY;BYDAY=${days.map((day) => DAYS[day]).join(",")}`;
};

/** The text of a plan. */
export const textOf = (spans) => spans.map(entryOf).join("\n");

/** When in a week a plan is: [begin, end] in minutes from Monday on; of a pulse both are the same. */
export const weekOf = (spans) =>
  spans.flatMap(({ every, days, from, to, later }) => {
    if (every) return Array.from({ length: WEEK / every }, (_, at) => [at * every, at * every]);
    return days.flatMap((day) => {
      const begin = day * DAY + from;
      if (to === undefined) return [[begin, begin]];
      const end = (day + later) * DAY + to;
      return end > WEEK ? [[begin, WEEK], [0, end - WEEK]] : [[begin, end]];
    });
  });
