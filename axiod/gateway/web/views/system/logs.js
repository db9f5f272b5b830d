// The system log, the access log and the audit log: searched, followed, and taken away as a file.
import { html, useEffect, useState } from "../../lib.js";
import { act } from "../../api.js";
import { t, word } from "../../i18n.js";
import { go, to } from "../../router.js";
import { fresh, only, resyncs } from "../../store.js";
import { LinkButton } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { SelectField } from "../../parts/field.js";
import { Hold, PageTurner, Search, TimeRange } from "../../parts/log.js";
import { Card, Facts, Tabs } from "../../parts/page.js";
import { usePages } from "../../parts/pages.js";
import { Table } from "../../parts/table.js";
import { reason } from "../../parts/toast.js";
import { Badge, moment } from "../../parts/value.js";

const LOGS = ["system", "access", "audit"];
const SEVERITIES = ["emergency", "alert", "critical", "error", "warning", "notice", "info"];
const TONES = { emergency: "bad", alert: "bad", critical: "bad", error: "bad", warning: "warn" };
const OURS = "axiod-*";
const KERNEL = "kernel";
const WITHIN_MS = 30_000; // a search takes up to 10 s, and others may be before it

/** `path`: which log; `query`: what is looked for, from the address. */
export default ({ path, query }) => {
  const log = LOGS.includes(path[0]) ? path[0] : LOGS[0];
  return html`
    <${Tabs}
      name=${t("log.logs")}
      at=${log}
      tabs=${LOGS.map((id) => ({ id, title: t(`log.view-${id}`), href: to("system", "logs", id) }))}
    />
    <${Log} key=${log} log=${log} query=${query} />
  `;
};

const sourceOf = (log) => ({
  first: "",
  everyMs: 2000,
  keyOf: ({ Cursor }) => Cursor,
  ask: async (filters, { before, after, limit }) => {
    const times = Object.fromEntries(["FromUsec", "ToUsec"].filter((name) => filters[name]).map((name) => [name, Number(filters[name])]));
    const place = after === undefined ? before && { Before: before } : { After: after };
    const asked = { Log: log, ...filters, ...times, ...place, Limit: limit };
    const { Entries, More } = await act("logs", undefined, "query", asked, WITHIN_MS);
    return { entries: Entries, more: More };
  },
});
const SOURCES = Object.fromEntries(LOGS.map((log) => [log, sourceOf(log)]));

const given = (filters) => Object.fromEntries(Object.entries(filters).filter(([, value]) => value));

const fileOf = (format, log, filters) => `/api/v1/logs/entries?${new URLSearchParams({ format, Log: log, ...filters })}`;

const Log = ({ log, query }) => {
  const known = ["Text", "Severity", "FromUsec", "ToUsec", ...(log === "system" ? ["Unit"] : [])];
  const filters = Object.fromEntries(known.filter((name) => query[name]).map((name) => [name, query[name]]));
  const [held, setHeld] = useState(false);
  const [chosen, setChosen] = useState(null);
  const live = fresh("logs");
  const pages = usePages(SOURCES[log], filters, { live: live && !held, anew: resyncs.value });
  const set = (changes) => go(to("system", "logs", log, given({ ...filters, ...changes })), { instead: true });
  const title = t(`log.view-${log}`);
  const follows = !pages.back && !held && live && !filters.ToUsec;
  return html`
    <p class="hint">${t(`log.hint-${log}`)} ${log === "system" && only("logs")?.Origin === "files" && t("log.origin-files")}</p>
    <div class="log-filters" role="search">
      <${Search} name=${title} text=${filters.Text ?? ""} set=${(Text) => set({ Text })} />
      <${SelectField}
        label=${t("log.Severity")}
        value=${filters.Severity ?? ""}
        set=${(Severity) => set({ Severity })}
        options=${[["", t("log.all")], ...SEVERITIES.map((one) => [one, t("log.or-worse", { severity: t(`log.severity-${one}`) })])]}
      />
      ${log === "system" && html`<${Unit} unit=${filters.Unit ?? ""} set=${(Unit) => set({ Unit })} />`}
      <${TimeRange} filters=${filters} set=${set} />
    </div>
    <${Card}
      wide
      title=${title}
      icon="list"
      old=${!live}
      actions=${html`
        ${!pages.back && html`<${Hold} held=${held} set=${setHeld} live=${live} />`}
        ${["text", "json"].map(
          (format) => html`
            <${LinkButton} key=${format} kind="small" icon="download" href=${fileOf(format, log, filters)} download>
              ${t(`log.as-${format}`)}
            <//>
          `,
        )}
      `}
    >
      <p class="row muted small-text">${follows && html`<${Badge} kind="live">${t("log.following")}<//>`}</p>
      ${pages.error && html`<p class="problem" role="alert">${reason(pages.error)}</p>`}
      ${pages.entries
        ? html`
            <${Table}
              name=${title}
              rows=${pages.entries}
              columns=${[WHEN(setChosen), ...COLUMNS[log]()]}
              keyOf=${SOURCES[log].keyOf}
              open=${setChosen}
              empty=${t(Object.keys(filters).length ? "shell.nothing-found" : "log.no-entries")}
            />
          `
        : !pages.error && html`<p class="muted">${t("shell.loading")}</p>`}
      <${PageTurner} pages=${pages} name=${t("log.pages-of", { name: title })} />
    <//>
    ${chosen && html`<${Details} entry=${chosen} close=${() => setChosen(null)} />`}
  `;
};

// The units that wrote something. What is asked for stays, also where nothing of it is left.
const Unit = ({ unit, set }) => {
  const [units, setUnits] = useState([]);
  useEffect(() => {
    act("logs", undefined, "list-units", {}, WITHIN_MS).then(
      ({ Units }) => setUnits(Units),
      () => setUnits([]), // the entries say why
    );
  }, []);
  const offered = [...new Set([...units, unit])].filter((one) => one && one !== OURS && one !== KERNEL);
  return html`
    <${SelectField}
      label=${t("log.Unit")}
      value=${unit}
      set=${set}
      options=${[
        ["", t("log.all")],
        [OURS, t("log.our-units")],
        [KERNEL, t("log.kernel")],
        ...offered.map((one) => [one, one.replace(/\.service$/, "")]),
      ]}
    />
  `;
};

const iso = (usec) => new Date(usec / 1000).toISOString();

const WHEN = (open) => ({
  id: "when",
  title: t("log.When"),
  draw: (entry) => html`
    <button type="button" class="text-button" title=${t("log.details")} onClick=${() => open(entry)}>
      <time datetime=${iso(entry.When)}>${moment(entry.When)}</time>
    </button>
  `,
});

const who = ({ Unit, Program }) => Unit?.replace(/\.service$/, "") ?? Program ?? "–";

const Person = ({ entry: { User, Address } }) => html`
  <span class="log-what log-who"><strong>${User ?? t("log.somebody")}</strong><span class="muted">${Address}</span></span>
`;

const COLUMNS = {
  system: () => [
    {
      id: "severity",
      title: t("log.Severity"),
      draw: ({ Severity }) => Severity && html`<${Badge} kind=${TONES[Severity]}>${t(`log.severity-${Severity}`)}<//>`,
    },
    { id: "unit", title: t("log.Unit"), draw: (entry) => html`<span class="log-who">${who(entry)}</span>` },
    { id: "text", title: t("log.Text"), draw: ({ Text }) => html`<span class="log-text">${Text}</span>` },
  ],
  access: () => [
    { id: "who", title: t("log.User"), draw: (entry) => html`<${Person} entry=${entry} />` },
    { id: "request", title: t("log.Request"), draw: ({ Request, Text }) => html`<code class="log-text">${Request ?? Text}</code>` },
    { id: "status", title: t("log.Status"), draw: ({ Status }) => html`<${Badge} kind=${Status >= 500 ? "bad" : "warn"}>${Status}<//>` },
  ],
  audit: () => [
    { id: "who", title: t("log.User"), draw: (entry) => html`<${Person} entry=${entry} />` },
    { id: "what", title: t("log.what"), draw: (entry) => html`<${Done} entry=${entry} />` },
    {
      id: "result",
      title: t("log.Result"),
      draw: ({ Result }) => html`<${Badge} kind=${Result === "ok" ? "good" : "warn"}>${Result === "ok" ? t("log.ok") : word("log", Result ?? "")}<//>`,
    },
  ],
};

const Done = ({ entry: { Method, Object: path, Arguments, Text } }) => {
  if (!Method) return html`<span class="log-text">${Text}</span>`;
  // Of the contract, or of a request that was refused before it came to a method.
  const [place, name] = path ? [path.slice(path.lastIndexOf("/") + 1), Method.slice(Method.lastIndexOf(".") + 1)] : ["", Method];
  return html`
    <span class="log-what">
      <strong>${place} ${name}</strong>
      ${Arguments && Arguments !== "{}" && html`<code class="log-text">${Arguments}</code>`}
    </span>
  `;
};

const FACTS = ["Unit", "Program", "Pid", "User", "Address", "How", "Request", "Status", "DurationMs", "Object", "Method", "Arguments", "Result", "Reason"];

const Details = ({ entry, close }) => html`
  <${Dialog} title=${t("log.details")} close=${close}>
    <${Facts}
      items=${[
        [t("log.When"), html`<code>${iso(entry.When)}</code>`],
        [t("log.Severity"), entry.Severity && t(`log.severity-${entry.Severity}`)],
        ...FACTS.map((name) => [t(`log.${name}`), entry[name] !== undefined && html`<code class="log-text">${entry[name]}</code>`]),
        [t("log.Text"), html`<span class="log-text">${entry.Text}</span>`],
      ].filter(([, value]) => value)}
    />
    ${entry.Unit && html`<a href=${to("system", "logs", "system", { Unit: entry.Unit })} onClick=${close}>${t("log.only-unit")}</a>`}
  <//>
`;
