// One rule, as a sentence: when this and that, then do so. Each condition shows how it stands while it is edited.
import { html, useEffect, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { act, remove } from "../../api.js";
import { can } from "../../session.js";
import { go, to } from "../../router.js";
import { fresh, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { CheckField } from "../../parts/field.js";
import { Saving, Setting, showWrong } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { said } from "../../parts/toast.js";
import { Action, beginAction } from "./action.js";
import { begin, standing, topics } from "./catalogue.js";
import { Condition } from "./condition.js";
import { useDraft } from "./draft.js";
import { List } from "./records.js";
import { State } from "./rules.js";

const MOST = 16;
const RECORDS = ["Conditions", "Actions", "FirstIsTrigger"];

const blank = () => {
  const known = topics()[0];
  return {
    Name: "",
    Enabled: true,
    Conditions: known ? [begin(known)] : [],
    Actions: [beginAction("set")],
    FirstIsTrigger: false,
    WaitMs: 0,
  };
};

export const Rule = ({ id }) => {
  const isNew = id === "new";
  const rule = isNew ? undefined : thing("rules", id).value;
  if (!isNew && !rule) return html`<p class="empty">${t("events.rule-gone")}</p>`;
  return html`<${Editor} key=${id} ...${{ id: isNew ? undefined : id, rule }} />`;
};

const Editor = ({ id, rule }) => {
  const draft = useDraft("rules", id, id === undefined ? blank() : {}, ["Enabled"]);
  const may = can("operator");
  const conditions = draft.value("Conditions") ?? [];
  const actions = draft.value("Actions") ?? [];
  const trigger = Boolean(draft.value("FirstIsTrigger"));
  if (!draft.ready && !draft.error) return html`<p class="muted">${t("shell.loading")}</p>`;
  const save = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const done = await draft.save();
    if (!done) return showWrong(form);
    said(t("shell.saved"));
    if (id === undefined) go(to("events", "rules", done.Id), { instead: true });
  };
  return html`
    <form class="settings rule" onSubmit=${save} novalidate>
      <header class="row rule-head">
        <a class="button quiet" href=${to("events", "rules")}>‹ ${t("events.rules")}</a>
        <h2>${rule?.Name ?? t("events.rule-new")}</h2>
        ${rule && html`<${State} rule=${rule} />`} ${rule && may && html`<${Ways} rule=${rule} />`}
      </header>
      ${rule?.Problem && html`<p class="problem">${rule.Problem}</p>`}
      <fieldset disabled=${!may || draft.busy}>
        <${Card}>
          <div class="columns">
            <${Setting} form=${draft} name="Name" section="events" />
            <${Setting} form=${draft} name="Enabled" section="events" />
            <${Setting} form=${draft} name="WaitMs" section="events" />
          </div>
        <//>
        <${Card} title=${t("events.when")}>
          <${List}
            records=${conditions}
            set=${(next) => draft.set("Conditions", next)}
            most=${MOST}
            joint=${t("events.and")}
            add=${t("events.condition-add")}
            added=${() => begin(topics()[0])}
            name=${(number) => t("events.condition", { number })}
            draw=${(condition, set, at) =>
              html`<${Condition} ...${{ condition, set, at }} error=${draft.wrongAt("conditions", at)} />`}
          />
          <${CheckField}
            label=${t("events.FirstIsTrigger")}
            hint=${t("events.FirstIsTrigger-hint")}
            value=${trigger}
            set=${(on) => draft.set("FirstIsTrigger", on)}
          />
          <${Verdict} ...${{ conditions, trigger, draft }} />
        <//>
        <${Card} title=${t("events.then")}>
          <${List}
            records=${actions}
            set=${(next) => draft.set("Actions", next)}
            most=${MOST}
            joint=${t("events.and-then")}
            add=${t("events.action-add")}
            added=${() => beginAction("set")}
            name=${(number) => t("events.action", { number })}
            draw=${(action, set, at) => html`<${Action} ...${{ action, set, at }} error=${draft.wrongAt("actions", at)} />`}
          />
        <//>
      </fieldset>
      ${RECORDS.filter((name) => draft.theirs(name) !== undefined).map(
        (name) => html`<${Theirs} key=${name} ...${{ draft, name }} />`,
      )}
      <${Saving} form=${draft} disabled=${!may} away=${!fresh("rules")} />
    </form>
    ${rule && html`<${Why} ...${{ rule, conditions }} />`}
  `;
};

const Theirs = ({ draft, name }) => html`
  <div class="theirs" role="alert">
    <p>${t("events.theirs", { name: t(`events.${name}`) })}</p>
    <button type="button" class="text-button" onClick=${() => draft.take(name)}>${t("shell.take-theirs")}</button>
    <button type="button" class="text-button" onClick=${() => draft.keepMine(name)}>${t("shell.keep-mine")}</button>
  </div>
`;

// What it would do now, by the conditions as they are in the form.
const Verdict = ({ conditions, trigger, draft }) => {
  const stands = conditions.map(standing);
  const missing = stands.flatMap(({ holds, momentary }, at) =>
    holds || momentary || (trigger && at === 0) ? [] : [at + 1],
  );
  const waits = stands.some(({ momentary }) => momentary) || trigger;
  const holding = conditions.some(({ ForMs }, at) => ForMs > 0 && stands[at].holds);
  const key = !draft.value("Enabled")
    ? "off"
    : missing.length
      ? "not"
      : waits
        ? "waits"
        : holding
          ? "holding"
          : "now";
  return html`
    <p class=${`verdict ${key === "now" ? "yes" : ""} live`} role="status" data-verdict=${key}>
      <strong>${t("events.would-it")}</strong>${" "}
      ${t(`events.would-${key}`, { numbers: missing.join(", ") })}
    </p>
  `;
};

// The device's own account, asked again when the rule or one of its conditions moved.
const Why = ({ rule, conditions }) => {
  const [told, setTold] = useState(null);
  const moved = JSON.stringify([rule, conditions.map((one) => standing(one).value)]);
  const live = fresh("rules");
  useEffect(() => {
    let there = true;
    if (live) {
      act("rules", rule.Id, "explain").then(
        ({ Text }) => there && setTold(Text),
        () => there && setTold(null),
      );
    }
    return () => (there = false);
  }, [moved, live]);
  if (!told) return null;
  return html`
    <${Card} title=${t("events.explain")} old=${!live}>
      <ul class="explained" lang="en" data-explained>
        ${told.split("\n").map((line) => html`<li key=${line}>${line}</li>`)}
      </ul>
    <//>
  `;
};

const Ways = ({ rule }) => {
  const again = async () => {
    const { Id } = await act("rules", rule.Id, "copy", { Name: t("events.copy-of", { name: rule.Name }).slice(0, 128) });
    said(t("events.copied", { name: rule.Name }));
    go(to("events", "rules", Id));
  };
  const drop = async () => {
    const text = t("events.rule-remove-text", { name: rule.Name });
    if (!(await confirm({ title: t("events.rule-remove"), text, action: t("shell.remove") }))) return;
    await remove(`rules/${encodeURIComponent(rule.Id)}`);
    said(t("events.removed", { name: rule.Name }));
    go(to("events", "rules"));
  };
  return html`
    <span class="row actions">
      <${Button} small icon="copy" act=${again}>${t("shell.copy")}<//>
      <${Button} small icon="remove" act=${drop}>${t("shell.remove")}<//>
    </span>
  `;
};
