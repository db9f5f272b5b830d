// The event log: what happened and what was done; searched, followed, and taken away as a file.
import { html, useState } from "../../lib.js";
import { act } from "../../api.js";
import { number, t } from "../../i18n.js";
import { go, to } from "../../router.js";
import { can } from "../../session.js";
import { fresh, only, resyncs, thing } from "../../store.js";
import { Button, LinkButton } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { dataText, sourceText, topicText } from "../../parts/event.js";
import { SelectField } from "../../parts/field.js";
import { Hold, PageTurner, Search, TimeRange } from "../../parts/log.js";
import { Card, Facts } from "../../parts/page.js";
import { PAGE, usePages } from "../../parts/pages.js";
import { Table } from "../../parts/table.js";
import { reason, said } from "../../parts/toast.js";
import { Badge, moment } from "../../parts/value.js";
import { topics } from "./catalogue.js";

const FILTERS = ["Text", "Kind", "Topic", "FromUsec", "ToUsec"];
const KINDS = ["event", "rule", "action"];
const TONES = { done: "good", failed: "bad", dropped: "warn" };

const SOURCE = {
  first: 0,
  everyMs: 3000,
  wakes: true,
  keyOf: ({ Id }) => Id,
  ask: async (filters, { before, after, limit }) => {
    const times = Object.fromEntries(["FromUsec", "ToUsec"].filter((name) => filters[name]).map((name) => [name, Number(filters[name])]));
    // One more than is shown tells whether there are more.
    const range = after === undefined ? { Limit: limit + 1, ...(before && { BeforeId: before }) } : { Limit: limit, AfterId: after };
    const { Entries } = await act("event-log", undefined, "query", { ...filters, ...times, ...range });
    return { entries: Entries.slice(0, limit), more: Entries.length > limit };
  },
};

/** `query`: what is looked for, from the address. */
export default ({ query }) => {
  const filters = Object.fromEntries(FILTERS.filter((name) => query[name]).map((name) => [name, query[name]]));
  const [held, setHeld] = useState(false);
  const [chosen, setChosen] = useState(null);
  const log = only("event-log");
  const live = fresh("event-log");
  const pages = usePages(SOURCE, filters, { live: live && !held, anew: resyncs.value });
  const set = (changes) => go(to("events", "log", given({ ...filters, ...changes })), { instead: true });
  return html`
    <p class="hint">${t("log.hint")}</p>
    <${Filters} filters=${filters} set=${set} />
    <${Card}
      wide
      title=${t("log.title")}
      icon="list"
      old=${!live}
      actions=${html`
        ${!pages.back && html`<${Hold} held=${held} set=${setHeld} live=${live} />`}
        ${["csv", "json"].map(
          (format) => html`
            <${LinkButton} key=${format} kind="small" icon="download" href=${fileOf(format, filters)} download>
              ${format.toUpperCase()}
            <//>
          `,
        )}
        ${can("administrator") && html`<${Button} small icon="remove" disabled=${!live} act=${() => clear(pages)}>${t("log.clear")}<//>`}
      `}
    >
      <p class="row muted small-text">
        ${!pages.back && !held && live && html`<${Badge} kind="live">${t("log.following")}<//>`}
        ${log && t("log.kept", { limit: number(log.Limit) })} ${log?.Lost > 0 && t("log.lost", { count: log.Lost })}
      </p>
      ${pages.error && html`<p class="problem" role="alert">${reason(pages.error)}</p>`}
      ${pages.entries
        ? html`
            <${Table}
              name=${t("log.title")}
              rows=${pages.entries}
              columns=${columns(setChosen)}
              open=${setChosen}
              empty=${t(Object.keys(filters).length ? "shell.nothing-found" : "log.empty")}
            />
          `
        : !pages.error && html`<p class="muted">${t("shell.loading")}</p>`}
      <${PageTurner} pages=${pages} name=${t("log.pages")} />
    <//>
    ${chosen && html`<${Details} entry=${chosen} close=${() => setChosen(null)} />`}
  `;
};

const given = (filters) => Object.fromEntries(Object.entries(filters).filter(([, value]) => value));

const fileOf = (format, filters) => `/api/v1/event-log/entries?${new URLSearchParams({ format, ...filters })}`;

const clear = async (pages) => {
  if (!(await confirm({ title: t("log.clear-title"), text: t("log.clear-text"), action: t("log.clear") }))) return;
  await act("event-log", undefined, "clear");
  said(t("log.cleared"));
  pages.again();
};

const Filters = ({ filters, set }) => {
  const known = [...new Map(topics().map(({ topic }) => [topic, topicText(topic)]))];
  const other = filters.Topic && !known.some(([topic]) => topic === filters.Topic);
  return html`
    <div class="log-filters" role="search">
      <${Search} name=${t("log.title")} text=${filters.Text ?? ""} set=${(Text) => set({ Text })} />
      <${SelectField}
        label=${t("log.Kind")}
        value=${filters.Kind ?? ""}
        set=${(Kind) => set({ Kind })}
        options=${[["", t("log.all")], ...KINDS.map((kind) => [kind, t(`log.kind-${kind}`)])]}
      />
      <${SelectField}
        label=${t("log.Topic")}
        value=${filters.Topic ?? ""}
        set=${(Topic) => set({ Topic })}
        options=${[["", t("log.all")], ...known, ...(other ? [[filters.Topic, filters.Topic]] : [])]}
      />
      <${TimeRange} filters=${filters} set=${set} />
    </div>
  `;
};

const eventOf = ({ Topic, Source = {}, Data = {}, When }) => ({ Topic, Source, Data, TimestampUsec: When });

const columns = (open) => [
  {
    id: "when",
    title: t("log.When"),
    draw: (entry) => html`
      <button type="button" class="text-button" title=${t("log.details-of", { id: entry.Id })} onClick=${() => open(entry)}>
        <time datetime=${iso(entry.When)}>${moment(entry.When)}</time>
      </button>
    `,
  },
  { id: "kind", title: t("log.Kind"), draw: ({ Kind }) => html`<${Badge} kind=${Kind !== "event" && "accent"}>${t(`log.kind-${Kind}`)}<//>` },
  { id: "what", title: t("log.what"), draw: (entry) => html`<${What} entry=${entry} />` },
  {
    id: "result",
    title: t("log.Result"),
    draw: ({ Result }) => (Result ? html`<${Badge} kind=${TONES[Result]}>${t(`log.result-${Result}`)}<//>` : null),
  },
];

const iso = (usec) => new Date(usec / 1000).toISOString();

const What = ({ entry }) => {
  if (entry.Kind === "event") {
    const event = eventOf(entry);
    return html`
      <span class="log-what">
        <span class="muted" title=${entry.Topic}>${topicText(entry.Topic)}</span>
        <strong>${sourceText(event)}</strong>
        <span>${dataText(event)}</span>
      </span>
    `;
  }
  return html`<span class="log-what"><${RuleName} id=${entry.Rule} /><span>${entry.Text}</span></span>`;
};

const RuleName = ({ id }) => {
  if (!id) return null;
  const rule = thing("rules", id).value;
  if (rule) return html`<a href=${to("events", "rules", id)}>${rule.Name}</a>`;
  // Who may not read rules knows no name.
  return html`<span class="muted">${t(can("operator") ? "log.rule-gone" : "log.rule-id", { id })}</span>`;
};

const Details = ({ entry, close }) => html`
  <${Dialog} title=${t("log.details-of", { id: entry.Id })} close=${close}>
    <${Facts}
      items=${[
        [t("log.When"), html`<code>${iso(entry.When)}</code>`],
        [t("log.Kind"), t(`log.kind-${entry.Kind}`)],
        [t("log.Topic"), entry.Topic && html`<code>${entry.Topic}</code>`],
        ...Object.entries(entry.Source ?? {}).map(([name, value]) => [t("log.source-item", { name }), html`<code>${value}</code>`]),
        ...Object.entries(entry.Data ?? {}).map(([name, value]) => [t("log.data-item", { name }), html`<code>${value}</code>`]),
        [t("log.Rule"), entry.Rule && html`<${RuleName} id=${entry.Rule} />`],
        [t("log.Text"), entry.Text],
        [t("log.Result"), entry.Result && t(`log.result-${entry.Result}`)],
      ]}
    />
    ${entry.Topic && html`<a href=${to("events", "log", { Topic: entry.Topic })} onClick=${close}>${t("log.only-topic")}</a>`}
  <//>
`;
