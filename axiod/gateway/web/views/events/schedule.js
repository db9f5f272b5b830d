// One schedule: when it is, as days and times or as iCalendar, and the calendar of a week.
import { html, useState } from "../../lib.js";
import { act, place, remove } from "../../api.js";
import { t } from "../../i18n.js";
import { now } from "../../clock.js";
import { can } from "../../session.js";
import { go, to } from "../../router.js";
import { fresh, only, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { CheckField, SelectField, TextArea, TextField } from "../../parts/field.js";
import { Saving, Setting, Theirs } from "../../parts/form.js";
import { Card, Facts } from "../../parts/page.js";
import { said } from "../../parts/toast.js";
import { duration, moment } from "../../parts/value.js";
import { useDraft } from "./draft.js";
import { clock, DAYS, minutesOf, planOf, textOf, weekOf } from "./plan.js";
import { List } from "./records.js";
import { dayName, Week } from "./week.js";

const MOST = 16;
const EVERY = [1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720];
const WORKDAYS = [0, 1, 2, 3, 4];
const BEGUN = {
  interval: { days: WORKDAYS, from: 480, to: 1020, later: 0 },
  pulse: { days: WORKDAYS, from: 480 },
  every: { every: 60 },
};

export const Schedule = ({ id }) => {
  const isNew = id === "new";
  const schedule = isNew ? undefined : thing("schedules", id).value;
  if (!isNew && !schedule) return html`<p class="empty">${t("schedules.gone")}</p>`;
  return html`<${Editor} key=${id} schedule=${schedule} />`;
};

const Editor = ({ schedule }) => {
  const blank = schedule ? {} : { Name: "", Icalendar: textOf([BEGUN.interval]), Missed: "skip" };
  const draft = useDraft("schedules", schedule?.Id, blank);
  const text = draft.value("Icalendar") ?? "";
  const plan = planOf(text, now.peek());
  const [spelled, setSpelled] = useState(!plan);
  const may = can("operator");
  const live = fresh("schedules");
  if (!draft.ready && !draft.error) return html`<p class="muted">${t("shell.loading")}</p>`;
  const set = (next) => draft.set("Icalendar", next);
  const save = async (event) => {
    event.preventDefault();
    const done = await draft.save();
    if (!done) return;
    said(t("shell.saved"));
    if (!schedule) go(to("events", "schedules", done.Id), { instead: true });
  };
  const form = {
    ...draft,
    reset: () => (schedule ? draft.reset() : go(to("events", "schedules"))),
  };
  const edited = !schedule || text !== schedule.Icalendar;
  const pulse = !/\bDTEND:/i.test(text);
  return html`
    <form class="settings rule" onSubmit=${save} novalidate>
      <header class="row rule-head">
        <a class="button quiet" href=${to("events", "schedules")}>‹ ${t("schedules.title")}</a>
        <h2>${schedule?.Name ?? t("schedules.new")}</h2>
        ${schedule && may && html`<${Ways} schedule=${schedule} live=${live} />`}
      </header>
      <${Card} old=${!live}>
        <fieldset disabled=${!may || draft.busy}>
          <div class="columns">
            <${Setting} form=${draft} name="Name" section="schedules" label=${t("words.Name")} />
            ${plan && !spelled && html`<${Kind} plan=${plan} set=${set} />`}
            ${pulse && html`<${Setting} form=${draft} name="Missed" section="schedules" />`}
          </div>
          ${plan && !spelled
            ? html`<${Plan} plan=${plan} set=${set} />`
            : html`
                <${TextArea}
                  label=${t("schedules.Icalendar")}
                  hint=${t("schedules.Icalendar-hint")}
                  value=${text}
                  set=${set}
                  maxlength="1024"
                  spellcheck=${false}
                />
              `}
          ${draft.theirs("Icalendar") !== undefined &&
          html`<${Theirs} form=${draft} name="Icalendar" section="schedules" value=${draft.theirs("Icalendar")} />`}
          <div class="row">
            ${plan
              ? html`
                  <button type="button" class="text-button" onClick=${() => setSpelled(!spelled)}>
                    ${t(spelled ? "schedules.as-plan" : "schedules.as-text")}
                  </button>
                `
              : html`<p class="hint">${t("schedules.no-plan")}</p>`}
          </div>
        </fieldset>
      <//>
      <${Saving} form=${form} disabled=${!may} away=${!live} />
    </form>
    <${Card} title=${t("schedules.week")} icon="clock" old=${!live}>
      ${edited && !plan
        ? html`<p class="empty">${t("schedules.saved-first")}</p>`
        : html`<${Week} schedule=${schedule} draft=${edited ? weekOf(plan) : undefined} name=${schedule?.Name ?? t("schedules.new")} />`}
      ${schedule && html`<${Now} schedule=${schedule} />`}
    <//>
  `;
};

const Now = ({ schedule: { Active, NextUsec, EventId } }) => html`
  <${Facts}
    items=${[
      [t("schedules.now"), Active === undefined ? undefined : t(Active ? "words.active" : "words.inactive")],
      [t("schedules.next"), NextUsec ? moment(NextUsec, { zone: only("schedule-list")?.TimeZone }) : t("schedules.never")],
      [t("schedules.EventId"), html`<code>${EventId}</code>`],
    ]}
  />
`;

const kindOf = ([{ every, to }]) => (every ? "every" : to === undefined ? "pulse" : "interval");

const Kind = ({ plan, set }) => html`
  <${SelectField}
    label=${t("schedules.Kind")}
    hint=${t(`schedules.kind-${kindOf(plan)}-hint`)}
    value=${kindOf(plan)}
    set=${(kind) => set(textOf([{ ...BEGUN[kind], ...(kind !== "every" && plan[0].days && { days: plan[0].days, from: plan[0].from }) }]))}
    options=${Object.keys(BEGUN).map((kind) => [kind, t(`schedules.kind-${kind}`)])}
  />
`;

const Plan = ({ plan, set }) => {
  const kind = kindOf(plan);
  if (kind === "every") {
    const [{ every }] = plan;
    const options = [...new Set([...EVERY, every])].sort((one, other) => one - other);
    return html`
      <div class="columns">
        <${SelectField}
          label=${t("schedules.every")}
          value=${String(every)}
          set=${(next) => set(textOf([{ every: Number(next) }]))}
          options=${options.map((minutes) => [String(minutes), duration(minutes * 60_000)])}
        />
      </div>
    `;
  }
  return html`
    <${List}
      records=${plan}
      set=${(next) => set(textOf(next))}
      most=${MOST}
      joint=${t("schedules.or")}
      add=${t("schedules.span-add")}
      added=${() => BEGUN[kind]}
      name=${(number) => t("schedules.span", { number })}
      draw=${(span, change) => html`<${Span} ...${{ span, change }} />`}
    />
  `;
};

const Span = ({ span, change }) => {
  const { days, from, to: end, later } = span;
  const turn = (day, on) => {
    const next = on ? [...days, day].sort() : days.filter((one) => one !== day);
    if (next.length) change({ ...span, days: next });
  };
  const time = (name) => (text) => {
    const minutes = minutesOf(text);
    if (minutes !== undefined) change({ ...span, [name]: minutes });
  };
  return html`
    <fieldset class="days">
      <legend class="unseen">${t("schedules.days")}</legend>
      ${DAYS.map(
        (name, day) => html`
          <${CheckField}
            key=${name}
            label=${dayName(day)}
            value=${days.includes(day)}
            set=${(on) => turn(day, on)}
            disabled=${days.length === 1 && days[0] === day}
          />
        `,
      )}
    </fieldset>
    <div class="sentence">
      <${TextField} type="time" required label=${t(end === undefined ? "schedules.time" : "schedules.from")} value=${clock(from)} set=${time("from")} />
      ${end !== undefined &&
      html`
        <${TextField} type="time" required label=${t("schedules.to")} value=${clock(end)} set=${time("to")} />
        <${SelectField}
          label=${t("schedules.ends")}
          value=${String(later)}
          set=${(next) => change({ ...span, later: Number(next) })}
          error=${later * 1440 + end <= from ? t("schedules.ends-before") : undefined}
          options=${[0, 1, 2, 3, 4, 5, 6, 7].map((count) => [String(count), t(`schedules.later-${count > 1 ? "days" : count}`, { count })])}
        />
      `}
    </div>
  `;
};

const Ways = ({ schedule, live }) => {
  const { Id, Name, Shipped } = schedule;
  const reset = async () => {
    const text = t("schedules.reset-text", { name: Name });
    if (!(await confirm({ title: t("schedules.reset-title"), text, action: t("schedules.reset") }))) return;
    await act("schedules", Id, "reset");
    said(t("schedules.was-reset", { name: Name }));
  };
  const drop = async () => {
    const text = t("schedules.remove-text", { name: Name });
    if (!(await confirm({ title: t("schedules.remove-title"), text, action: t("shell.remove") }))) return;
    await remove(place("schedules", Id));
    said(t("schedules.removed", { name: Name }));
    go(to("events", "schedules"));
  };
  return html`
    <span class="row actions">
      ${Shipped
        ? html`<${Button} small icon="reload" disabled=${!live} act=${reset}>${t("schedules.reset")}<//>`
        : html`<${Button} small icon="remove" disabled=${!live} act=${drop}>${t("shell.remove")}<//>`}
    </span>
  `;
};
