// Forms of settings, made from the contract: what may be configured, its range, unit and values come from OpenAPI.
//
//   const form = useSettings("ports", id);
//   html`<${Settings} form=${form} section="io" of=${["Name", "DebounceMs"]} />`
import { html, same, useEffect, useState } from "../lib.js";
import { change, Conflict, schemas } from "../api.js";
import { t, word } from "../i18n.js";
import { fresh, only, thing } from "../store.js";
import { Button } from "./button.js";
import { CheckField, choices, NumberField, SelectField, TextArea, TextField } from "./field.js";
import { reason, said } from "./toast.js";

/**
 * The settings of a resource while somebody edits them.
 *
 * What nobody edits follows the device. What is edited and was changed by somebody else meanwhile is shown as such, and
 * is not saved before the person chose; so nothing is lost silently.
 *
 * {ready, value(name), set(name, value), theirs(name), take(name), changed, wrong, error, busy, save(send), reset(), forgive()}
 */
export const useSettings = (kind, id) => {
  const now = (id === undefined ? only(kind) : thing(kind, id).value) ?? {};
  const [schema, setSchema] = useState(null);
  const [edits, setEdits] = useState({}); // name -> {value, seen: what it was when the edit began}
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let there = true;
    schemas(kind).then(
      (found) => there && setSchema(found),
      (problem) => there && setError(problem),
    );
    return () => (there = false);
  }, [kind]);
  const edited = Object.keys(edits);
  const wrong = Object.fromEntries(
    edited.map((name) => [name, mistake(schema?.[name], edits[name].value)]).filter(([, text]) => text),
  );
  const theirs = (name) =>
    name in edits && !same(now[name], edits[name].seen) && !same(now[name], edits[name].value) ? now[name] : undefined;
  const drop = (name) => setEdits(({ [name]: _, ...others }) => others);
  return {
    kind,
    id,
    now,
    ready: schema !== null,
    schema: schema ?? {},
    error,
    busy,
    wrong,
    theirs,
    changed: edited.length > 0,
    value: (name) => (name in edits ? edits[name].value : now[name]),
    set: (name, value) => {
      setError(null);
      if (same(value, now[name])) drop(name);
      else setEdits((former) => ({ ...former, [name]: { value, seen: former[name]?.seen ?? now[name] } }));
    },
    /** Settle what somebody else changed: keep mine (saving overwrites theirs knowingly), or take theirs. */
    keepMine: (name) => setEdits((former) => ({ ...former, [name]: { ...former[name], seen: now[name] } })),
    take: drop,
    reset: () => {
      setEdits({});
      setError(null);
    },
    /** Forget why it was not saved: something else was changed that is saved with it. */
    forgive: () => setError(null),
    /** Save it. `send`: what is called instead of change(), with the same arguments. */
    save: async (send = change) => {
      if (Object.keys(wrong).length) return false;
      setBusy(true);
      setError(null);
      try {
        const pick = (what) => Object.fromEntries(edited.map((name) => [name, edits[name][what]]));
        await send(kind, id, pick("value"), pick("seen"));
        setEdits({});
        said(t("shell.saved"));
        return true;
      } catch (problem) {
        setError(problem);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
};

/** Return what is wrong with a value, by its schema; empty when nothing is. The device checks it all again. */
export const mistake = (schema, value) => {
  if (!schema) return "";
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum: low, maximum: high } = schema;
    const fits = typeof value === "number" && (schema.type === "number" || Number.isInteger(value));
    if (!fits) return t(schema.type === "integer" ? "shell.wrong-integer" : "shell.wrong-number");
    if (low !== undefined && (value < low || value > high)) return t("shell.wrong-range", { low, high });
  }
  if (schema.type === "string" && schema.maxLength !== undefined) {
    const length = [...(value ?? "")].length;
    if (length < schema.minLength) return t("shell.wrong-short", { low: schema.minLength });
    if (length > schema.maxLength) return t("shell.wrong-long", { high: schema.maxLength });
  }
  return "";
};

/** Bring what is wrong in a form before the eyes, after its saving was refused: it may be far from the button. */
export const showWrong = (form) =>
  setTimeout(() => {
    const wrong = form.querySelector('[aria-invalid="true"], .problem');
    wrong?.scrollIntoView({ block: "center" });
    wrong?.focus();
  });

// What an option of a method is has no unit of its own in the description, but all names have theirs.
const unitOf = (name, schema) =>
  /Unit: ([^.]+)\.$/.exec(schema.description ?? "")?.[1] ?? (name.endsWith("Ms") ? "ms" : undefined);

/**
 * One setting: the control that its schema asks for. Label and hint are the texts NAME and NAME-hint of the section.
 * `options`: what can be chosen, as [value, text] pairs, also where the contract says that it is a text.
 */
export const Setting = ({ form, name, section, label, hint, options, ...more }) => {
  const schema = form.schema[name];
  if (!schema) return null;
  const theirs = form.theirs(name);
  const shared = {
    label: label ?? word(section, name),
    hint: hint ?? hintOf(section, name),
    value: form.value(name),
    set: (value) => form.set(name, value),
    error: form.wrong[name],
    note: theirs !== undefined && html`<${Theirs} form=${form} name=${name} section=${section} value=${theirs} />`,
    ...more,
  };
  if (schema.type === "boolean") return html`<${CheckField} ...${shared} />`;
  if (options || schema.enum) return html`<${SelectField} options=${options ?? choices(section, schema.enum)} ...${shared} />`;
  if (schema.type === "integer" || schema.type === "number") {
    return html`
      <${NumberField}
        low=${schema.minimum}
        high=${schema.maximum}
        whole=${schema.type === "integer"}
        unit=${unitOf(name, schema)}
        ...${shared}
      />
    `;
  }
  if (schema.type === "string") {
    const Text = schema.maxLength > 2048 ? TextArea : TextField;
    return html`<${Text} maxlength=${schema.maxLength} ...${shared} />`;
  }
  return null;
};

const hintOf = (section, name) => {
  const found = word(section, `${name}-hint`);
  return found.endsWith(" hint") ? undefined : found;
};

/** That somebody else changed what is being edited, and the choice between the two. */
export const Theirs = ({ form, name, section, value }) => html`
  <div class="theirs" role="alert">
    <p>
      ${Array.isArray(value)
        ? t("shell.theirs-list")
        : t("shell.theirs", { value: typeof value === "string" ? word(section, value) || "–" : String(value) })}
    </p>
    <button type="button" class="text-button" onClick=${() => form.take(name)}>${t("shell.take-theirs")}</button>
    <button type="button" class="text-button" onClick=${() => form.keepMine(name)}>${t("shell.keep-mine")}</button>
  </div>
`;

/** Several settings with Save and Discard. `children` come after the fields. `disabled`: its person may only look. */
export const Settings = ({ form, section, of, disabled, children }) => {
  const submit = (event) => {
    event.preventDefault();
    form.save();
  };
  if (!form.ready && !form.error) return html`<p class="muted">${t("shell.loading")}</p>`;
  const away = !fresh(form.kind);
  return html`
    <form class="settings" onSubmit=${submit} novalidate>
      <fieldset disabled=${disabled || form.busy}>
        ${of?.map((name) => html`<${Setting} key=${name} ...${{ form, name, section }} />`)} ${children}
      </fieldset>
      <${Saving} form=${form} disabled=${disabled} away=${away} />
    </form>
  `;
};

/** Why it was not saved, and the buttons. */
export const Saving = ({ form, disabled, away }) => {
  const unsettled = Object.keys(form.schema).some((name) => form.theirs(name) !== undefined);
  return html`
    ${form.error && html`<p class="problem" role="alert">${form.error instanceof Conflict ? t("shell.conflict") : reason(form.error)}</p>`}
    ${!disabled &&
    form.changed &&
    html`
      <div class="row end">
        <${Button} act=${form.reset} disabled=${form.busy}>${t("shell.discard")}<//>
        <${Button} type="submit" kind="main" disabled=${form.busy || away || unsettled || Object.keys(form.wrong).length > 0}>
          ${form.busy ? t("shell.saving") : t("shell.save")}
        <//>
      </div>
    `}
  `;
};
