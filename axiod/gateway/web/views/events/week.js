// A week of a schedule, as the device works it out of the rule: a calendar, and a strip for lists.
import { html, names, useEffect, useState } from "../../lib.js";
import { act } from "../../api.js";
import { format, t } from "../../i18n.js";
import { now } from "../../clock.js";
import { only } from "../../store.js";
import { Button } from "../../parts/button.js";
import { clock, WEEK } from "./plan.js";

const DAY = 1440;
const DAY_MS = 86_400_000;
const MOST = 1000;
// How far back it is asked for what may have begun then; less where that is too many.
const BACK_DAYS = { interval: [366, 8, 1], pulse: [1] };
const HOURS = [0, 6, 12, 18, 24];

/** Days of the week for people, Monday first. */
export const dayName = (day, style = "short") =>
  format("DateTimeFormat", { weekday: style, timeZone: "UTC" }).format(Date.UTC(2026, 0, 5 + day));

// What a clock on the wall shows in the zone of the device, in milliseconds as if it were UTC.
const wall = (ms, zone) => {
  const parts = format("DateTimeFormat", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(ms);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** The Monday of this week, or of one before or after it, in the zone of the device. */
const monday = (shift) => {
  const zone = only("schedule-list")?.TimeZone;
  const today = Math.floor(wall(Math.floor(now.value / 60_000) * 60_000, zone) / DAY_MS);
  return { zone, start: (today - ((today + 3) % 7) + 7 * shift) * DAY_MS };
};

/** When in a week a schedule is: {spans: [begin, end] in minutes from Monday on, all: whether that is all of them}. */
const useWeek = (schedule, start, zone) => {
  const [found, setFound] = useState(null);
  const { Id, Icalendar, Kind } = schedule ?? {};
  useEffect(() => {
    if (!Id || !zone) return undefined;
    let there = true;
    occurrences(Id, BACK_DAYS[Kind], start).then(
      (Occurrences) => {
        const minutes = (usec) => (wall(usec / 1000, zone) - start) / 60_000;
        const spans = Occurrences.map(([begin, end]) => [minutes(begin), minutes(end)])
          .filter(([begin, end]) => begin < WEEK && (end > 0 || begin === end) && begin >= (begin === end ? 0 : -Infinity))
          .map(([begin, end]) => [Math.max(0, begin), Math.min(WEEK, end)]);
        if (there) setFound({ spans, all: Occurrences.length < MOST });
      },
      () => there && setFound(null),
    );
    return () => (there = false);
  }, [Id, Icalendar, Kind, start, zone]);
  return found;
};

// Zones are up to 14 h from UTC, so a day more at both ends.
const occurrences = async (id, back, start) => {
  let found = [];
  for (const days of back) {
    const span = { FromUsec: (start - days * DAY_MS) * 1000, ToUsec: (start + 8 * DAY_MS) * 1000 };
    found = (await act("schedules", id, "occurrences", span)).Occurrences;
    if (found.length < MOST) break;
  }
  return found;
};

// The parts of a span on one day: [begin, end] in minutes of that day.
const onDay = (spans, day) =>
  spans
    .filter(([begin, end]) => begin < (day + 1) * DAY && (end > day * DAY || (begin === end && begin >= day * DAY)))
    .map(([begin, end]) => [Math.max(begin - day * DAY, 0), Math.min(end - day * DAY, DAY)]);

const percent = (minutes, of) => `${(100 * minutes) / of}%`;
const until = (minutes) => (minutes === DAY ? "24:00" : clock(minutes));
const said = ([begin, end]) => (begin === end ? clock(begin) : `${clock(begin)}–${until(end)}`);

/**
 * The calendar. `schedule`: one that the device has. `draft`: what is being edited and not saved yet, as [begin, end]
 * in minutes of any week; drawn instead.
 */
export const Week = ({ schedule, draft, name }) => {
  const [shift, setShift] = useState(0);
  const { zone, start } = monday(shift);
  const found = useWeek(draft ? undefined : schedule, start, zone);
  const spans = draft ?? found?.spans ?? [];
  const at = (wall(now.value, zone) - start) / 60_000;
  const date = (ms) => format("DateTimeFormat", { dateStyle: "medium", timeZone: "UTC" }).format(ms);
  return html`
    <div class="row week-head">
      ${draft
        ? html`<span class="muted">${t("schedules.each-week")}</span>`
        : html`
            <${Button} small label=${t("schedules.week-before")} act=${() => setShift(shift - 1)}>‹<//>
            <${Button} small disabled=${shift === 0} act=${() => setShift(0)}>${t("schedules.this-week")}<//>
            <${Button} small label=${t("schedules.week-after")} act=${() => setShift(shift + 1)}>›<//>
            <span class="muted">${date(start)} – ${date(start + 6 * DAY_MS)}</span>
          `}
      ${zone && html`<span class="muted small-text">${t("schedules.in-zone", { zone })}</span>`}
    </div>
    ${found && !found.all && html`<p class="notice">${t("schedules.not-all", { count: MOST })}</p>`}
    <div class="week">
      <ol class="week-hours" aria-hidden="true">
        ${HOURS.map((hour) => html`<li key=${hour} style=${{ insetBlockStart: percent(hour, 24) }}>${hour}</li>`)}
      </ol>
      <ol class="week-days" aria-label=${t("schedules.week-of", { name })}>
        ${Array.from({ length: 7 }, (_, day) => {
          const here = at >= day * DAY && at < (day + 1) * DAY;
          return html`
            <li key=${day} aria-label=${dayName(day, "long")} class=${names(here && "today")}>
              <span class="day" aria-hidden="true">
                ${dayName(day)} <small>${draft ? "" : new Date(start + day * DAY_MS).getUTCDate()}</small>
              </span>
              <ol class="column">
                ${onDay(spans, day).map(
                  (span, place) => html`
                    <li
                      key=${place}
                      class=${span[0] === span[1] ? "tick" : "lasting"}
                      title=${said(span)}
                      style=${{ insetBlockStart: percent(span[0], DAY), blockSize: span[0] === span[1] ? undefined : percent(span[1] - span[0], DAY) }}
                    >
                      <span>${said(span)}</span>
                    </li>
                  `,
                )}
                ${here && html`<li class="now" aria-hidden="true" style=${{ insetBlockStart: percent(at - day * DAY, DAY) }} />`}
              </ol>
            </li>
          `;
        })}
      </ol>
    </div>
  `;
};

/** The present week in one line, for lists; what it shows is written beside it. */
export const Strip = ({ schedule }) => {
  const { zone, start } = monday(0);
  const found = useWeek(schedule, start, zone);
  const at = (wall(now.value, zone) - start) / 60_000;
  return html`
    <span class="strip" aria-hidden="true">
      ${(found?.spans ?? []).map(
        ([begin, end], place) => html`
          <i
            key=${place}
            class=${begin === end ? "tick" : "lasting"}
            style=${{ insetInlineStart: percent(begin, WEEK), inlineSize: begin === end ? undefined : percent(end - begin, WEEK) }}
          />
        `,
      )}
      <i class="now" style=${{ insetInlineStart: percent(at, WEEK) }} />
    </span>
  `;
};
