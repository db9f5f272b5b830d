// Conditions and actions as sentences, by the names that people gave.
import { t } from "../../i18n.js";
import { all } from "../../store.js";
import { topicText } from "../../parts/event.js";
import { duration } from "../../parts/value.js";
import { declared, valueOf, valueText } from "./catalogue.js";

/** What a condition is about: "Input or output Front door". */
export const subject = ({ Topic, Source = {} }) => {
  const known = declared(Topic);
  if (!known?.keys) {
    const spelled = Object.entries(Source).map(([name, value]) => `${name} ${value}`);
    return [topicText(Topic), ...spelled].join(" ");
  }
  const wanted = valueOf(known, Source);
  if (wanted === undefined) return t("events.any-of", { topic: topicText(Topic) });
  return known.sources().find(([value]) => value === wanted)?.[1] ?? `${topicText(Topic)} ${wanted}`;
};

/** A condition: "Front door is active for 5 s". */
export const conditionText = (condition) => {
  const { Item, Equals, Above, Below, Inverted, ForMs } = condition;
  const name = subject(condition);
  if (!Item) return t("events.happens", { name });
  const known = declared(condition.Topic);
  const named = known?.items?.some(([item, values]) => item === Item && values);
  const limits = [
    Equals !== undefined && (named ? valueText(known, Item, Equals) : `“${Equals}”`),
    Above !== undefined && t("events.above", { value: Above }),
    Below !== undefined && t("events.below", { value: Below }),
  ].filter(Boolean);
  const said = t(Inverted ? "events.is-not" : "events.is", { name, value: limits.join(t("events.and-limits")) });
  return ForMs ? t("events.for", { said, time: duration(ForMs) }) : said;
};

const nameOf = (kinds, id) =>
  kinds.flatMap((kind) => all(kind)).find((one) => one.Id === String(id))?.Name ?? String(id ?? "");

/** An action: "pulse Door opener for 2 s". */
export const actionText = (action) => {
  const { Kind, Active, DurationMs = 0 } = action;
  const given = {
    output: nameOf(["relays", "ports"], action.Output),
    input: nameOf(["virtual-inputs"], action.Input),
    led: all("leds").find(({ Id }) => Id === action.Led)?.Terminal ?? action.Led ?? "",
    colour: t(`events.colour-${action.Colour ?? "none"}`),
    recipient: nameOf(["recipients"], action.Recipient),
    state: t(Active ? "topics.state-1" : "topics.state-0"),
    time: duration(DurationMs),
    topic: action.Topic ?? "",
    message: action.Message ?? "",
    file: t(`events.file-${action.File ?? "event-log"}`),
  };
  return t(`events.do-${Kind}${Kind === "led" && action.FlashMs ? "-flashing" : ""}`, given);
};
