// Plain configuration: every setting of the device in one list, as the contract has it, for those who know it.
import { html, useEffect, useState } from "../../lib.js";
import { get, several } from "../../api.js";
import { t } from "../../i18n.js";
import { can } from "../../session.js";
import { fresh, ids, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { TextArea } from "../../parts/field.js";
import { Setting, Settings, Theirs, useSettings } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { reason } from "../../parts/toast.js";

const SHOWN = 100;

export default () => {
  const [known, setKnown] = useState(null); // resource -> {of: property -> what it is, several}
  const [error, setError] = useState(null);
  const [edited, setEdited] = useState(null);
  useEffect(() => {
    let there = true;
    describe().then(
      (found) => there && setKnown(found),
      (problem) => there && setError(problem),
    );
    return () => (there = false);
  }, []);
  if (error) return html`<p class="problem" role="alert">${reason(error)}</p>`;
  if (!known) return html`<p class="muted">${t("shell.loading")}</p>`;
  const rows = Object.keys(known).flatMap((kind) =>
    ids(kind).value.flatMap((id) => Object.entries(known[kind].of).map(([name, about]) => rowOf(kind, id, name, about, known[kind].several))),
  );
  return html`
    <p class="notice">${t("config.warning")}</p>
    <${Card} title=${t("config.title")} icon="list" wide>
      <${Table}
        name=${t("config.title")}
        rows=${rows}
        keyOf=${({ key }) => key}
        columns=${columns(setEdited)}
        search=${textOf}
        most=${SHOWN}
        empty=${t("shell.nothing-found")}
      />
    <//>
    ${edited && html`<${Edit} key=${edited.key} row=${edited} close=${() => setEdited(null)} />`}
  `;
};

const describe = async () => {
  const { Descriptions } = await get("settings");
  const found = {};
  for (const [kind, of] of Object.entries(Descriptions)) found[kind] = { of, several: await several(kind) };
  return found;
};

const rowOf = (kind, id, name, about, isSeveral) => {
  const path = isSeveral ? `${kind}/${id}` : kind;
  return { key: `${path} ${name}`, path, kind, id, own: isSeveral ? id : undefined, name, about };
};

// Without following it: what is looked for is compared when it is looked for.
const textOf = ({ path, kind, id, name, about }) => {
  const one = thing(kind, id).peek() ?? {};
  return `${path}/${name} ${one.Name ?? ""} ${shownValue(one[name])} ${about.Description}`;
};

const shownValue = (value) => (value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

const columns = (edit) => [
  {
    id: "setting",
    title: t("config.setting"),
    by: ({ path, name }) => `${path}/${name}`,
    draw: (row) => html`<span class="setting-name"><code class="muted">${row.path}</code><strong>${row.name}</strong><${NameOf} row=${row} /></span>`,
  },
  { id: "value", title: t("config.value"), draw: (row) => html`<${Value} row=${row} />` },
  { id: "about", title: t("config.about"), draw: ({ about }) => html`<span class="muted small-text" lang="en">${about.Description}</span>` },
  {
    id: "actions",
    title: "",
    end: true,
    draw: (row) =>
      can(row.about.Role) &&
      html`<${Button} small icon="edit" label=${t("config.edit", { name: `${row.path} ${row.name}` })} act=${() => edit(row)} />`,
  },
];

// Each follows only its own thing.
const NameOf = ({ row: { kind, id, own, name } }) => {
  const called = thing(kind, id).value?.Name;
  return own !== undefined && called && name !== "Name" && called !== id && html`<span class="muted small-text">${called}</span>`;
};

const Value = ({ row: { kind, id, name, about } }) => {
  const value = thing(kind, id).value?.[name];
  return html`
    <span class=${fresh(kind) ? "live" : "old"}>
      <code>${shownValue(value)}</code>${value !== undefined && about.Unit && html`<span class="muted">\u00a0${about.Unit}</span>`}
    </span>
  `;
};

const Edit = ({ row: { path, kind, own, name, about }, close }) => {
  const form = useSettings(kind, own);
  const save = async () => (await form.save()) && close();
  const { enum: values, type } = about.Schema;
  return html`
    <${Dialog} wide=${type === "array"} title=${`${path} ${name}`} close=${close}>
      <p class="hint" lang="en">${about.Description}</p>
      <${Settings} form=${{ ...form, save }}>
        ${type === "array"
          ? html`<${Json} form=${form} name=${name} />`
          : html`<${Setting} form=${form} name=${name} label=${name} options=${values?.map((value) => [value, value])} />`}
      <//>
    <//>
  `;
};

// A list of records is edited as JSON.
const Json = ({ form, name }) => {
  const [typed, setTyped] = useState(null);
  const set = (text) => {
    setTyped(text);
    try {
      form.set(name, JSON.parse(text));
    } catch {
      form.take(name); // what is no JSON is no change
    }
  };
  const theirs = form.theirs(name);
  return html`
    <${TextArea}
      label=${name}
      hint=${t("config.json")}
      error=${typed !== null && !isJson(typed) ? t("config.no-json") : undefined}
      rows="14"
      spellcheck=${false}
      value=${typed ?? JSON.stringify(form.value(name), null, 2)}
      set=${set}
    />
    ${theirs !== undefined &&
    html`<${Theirs} form=${{ ...form, take: (one) => (setTyped(null), form.take(one)) }} name=${name} value=${theirs} />`}
  `;
};

const isJson = (text) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
