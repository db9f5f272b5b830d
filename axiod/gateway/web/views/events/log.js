// The event log: what happened and what was done; searched, followed, and taken away as a file.
import { html, useEffect, useRef, useState } from "../../lib.js";
import { act } from "../../api.js";
import { number, t } from "../../i18n.js";
import { go, to } from "../../router.js";
import { can } from "../../session.js";
import { fresh, only, resyncs, thing } from "../../store.js";
import { Button, LinkButton } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { dataText, sourceText, topicText } from "../../parts/event.js";
import { SelectField, TextField } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { Card, Facts } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { reason, said } from "../../parts/toast.js";
import { Badge, moment } from "../../parts/value.js";
import { topics } from "./catalogue.js";
import { PAGE, usePages } from "./pages.js";

const FILTERS = ["Text", "Kind", "Topic", "FromUsec", "ToUsec"];
const KINDS = ["event", "rule", "action"];
const TONES = { done: "good", failed: "bad", dropped: "warn" };
const TYPING_MS = 300;

/** `query`: what is looked for, from the address. */
export default ({ query }) => {
  const filters = Object.fromEntries(FILTERS.filter((name) => query[name]).map((name) => [name, query[name]]));
  const [held, setHeld] = useState(false);
  const [chosen, setChosen] = useState(null);
  const log = only("event-log");
  const live = fresh("event-log");
  const pages = usePages(filters, { live: live && !held, anew: resyncs.value });
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
        ${!pages.back &&
        html`
          <${Button} small icon=${held ? "play" : "stop"} disabled=${!live} act=${() => setHeld(!held)}>
            ${t(held ? "log.follow" : "log.hold")}
          <//>
        `}
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
      <nav class="row log-pages" aria-label=${t("log.pages")}>
        <${Button} small disabled=${!pages.back} act=${pages.newest}>${t("log.newest")}<//>
        <${Button} small disabled=${!pages.back} act=${pages.newer}>‹ ${t("log.newer")}<//>
        <${Button} small disabled=${!pages.more} act=${pages.older}>${t("log.older", { count: PAGE })} ›<//>
      </nav>
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
      <${Search} text=${filters.Text ?? ""} set=${(Text) => set({ Text })} />
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
      <details class="more" open=${Boolean(filters.FromUsec || filters.ToUsec)}>
        <summary>${t("log.time-range")}</summary>
        <div class="columns">
          ${["FromUsec", "ToUsec"].map(
            (name) => html`
              <${TextField}
                key=${name}
                type="datetime-local"
                label=${t(`log.${name}`)}
                value=${localTime(filters[name])}
                set=${(text) => /^(?!0)|^$/.test(text) && set({ [name]: text && String(Date.parse(text) * 1000) })}
              />
            `,
          )}
        </div>
      </details>
    </div>
  `;
};

// A year that is still being typed begins with 0. What a field for date and time holds is in the time of the browser, as is what the table shows.
const localTime = (usec) => {
  if (!usec) return "";
  const at = new Date(usec / 1000);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

// It searches when nobody types any more: the device reads its whole log for it.
const Search = ({ text, set }) => {
  const [typed, setTyped] = useState(text);
  const timer = useRef();
  useEffect(() => setTyped(text), [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const wait = (next) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(next.trim()), TYPING_MS);
  };
  return html`
    <label class="search">
      <${Icon} name="search" />
      <input
        type="search"
        maxlength="255"
        value=${typed}
        placeholder=${t("shell.search")}
        aria-label=${t("shell.search-in", { name: t("log.title") })}
        onInput=${(event) => wait(event.target.value)}
      />
    </label>
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
