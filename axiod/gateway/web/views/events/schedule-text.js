// What a schedule says, in words.
import { t } from "../../i18n.js";
import { now } from "../../clock.js";
import { duration } from "../../parts/value.js";
import { clock, planOf } from "./plan.js";
import { dayName } from "./week.js";

// "Mon–Fri", "Mon, Wed"
const daysText = (days) => {
  if (days.length === 7) return t("schedules.each-day");
  const whole = days.length > 2 && days.at(-1) - days[0] === days.length - 1;
  return whole ? `${dayName(days[0])}–${dayName(days.at(-1))}` : days.map((day) => dayName(day)).join(", ");
};

const spanText = ({ every, days, from, to, later }) => {
  if (every) return t("schedules.every-time", { time: duration(every * 60_000) });
  const begin = { days: daysText(days), from: clock(from) };
  if (to === undefined) return t("schedules.at", begin);
  return t(`schedules.span-${later > 1 ? "days" : later}`, { ...begin, to: clock(to), count: later });
};

/** "Mon–Fri from 08:00 to 18:00"; the iCalendar text where it says more than that. */
export const scheduleText = ({ Icalendar }) => planOf(Icalendar, now.peek())?.map(spanText).join("; ") ?? Icalendar;
