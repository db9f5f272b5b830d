// A rule, schedule or recipient while somebody edits it: a new one, or one that is there. It looks to the parts as what
// useSettings gives, but has records in it, and says to which of them a refusal belongs.
import { same, useEffect, useState } from "../../lib.js";
import { argumentsOf, change, Conflict, post, schemas } from "../../api.js";
import { thing } from "../../store.js";
import { mistake } from "../../parts/form.js";
import { reason } from "../../parts/toast.js";

/**
 * `id`: undefined for a new one, which begins as `blank`. `always`: names that are sent with every change.
 *
 * `save()` returns the thing as it is then, or undefined where it was refused.
 */
export const useDraft = (kind, id, blank = {}, always = []) => {
  const isNew = id === undefined;
  const [begun] = useState(blank);
  const now = isNew ? begun : thing(kind, id).value ?? {};
  const [schema, setSchema] = useState(null);
  const [edits, setEdits] = useState({});
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let there = true;
    (isNew ? argumentsOf(kind) : schemas(kind)).then(
      (found) => there && setSchema(found),
      (problem) => there && setError(problem),
    );
    return () => (there = false);
  }, [kind, isNew]);
  const edited = Object.keys(edits);
  const value = (name) => (name in edits ? edits[name].value : now[name]);
  const wrong = Object.fromEntries(
    edited.map((name) => [name, mistake(schema?.[name], value(name))]).filter(([, text]) => text),
  );
  const told = error instanceof Conflict || !error ? "" : reason(error);
  // "Actions 1: DurationMs is 0; ..." or "Name is ''; ..."
  const [, list, number, rest] = /^(conditions?|actions?) (\d+): (.*)$/is.exec(told) ?? [];
  const named = Object.keys(schema ?? {}).find((name) => told.startsWith(`${name} `) || told.startsWith(`${name}:`));
  if (named && !wrong[named]) wrong[named] = told;
  const drop = (name) => setEdits(({ [name]: _, ...others }) => others);
  return {
    kind,
    id,
    isNew,
    now,
    ready: schema !== null,
    schema: schema ?? {},
    error: named || list ? null : error,
    busy,
    wrong,
    value,
    changed: isNew || edited.length > 0,
    /** What is wrong with a record: wrongAt("actions", 0). */
    wrongAt: (what, at) =>
      list?.toLowerCase().startsWith(what.slice(0, -1)) && Number(number) === at + 1 ? rest : undefined,
    theirs: (name) =>
      name in edits && !same(now[name], edits[name].seen) && !same(now[name], edits[name].value) ? now[name] : undefined,
    set: (name, next) => {
      setError(null);
      if (same(next, now[name])) drop(name);
      else setEdits((former) => ({ ...former, [name]: { value: next, seen: former[name]?.seen ?? now[name] } }));
    },
    keepMine: (name) => setEdits((former) => ({ ...former, [name]: { ...former[name], seen: now[name] } })),
    take: drop,
    reset: () => {
      setEdits({});
      setError(null);
    },
    save: async () => {
      setBusy(true);
      setError(null);
      try {
        const changes = Object.fromEntries(edited.map((name) => [name, edits[name].value]));
        if (isNew) return await post(kind, { ...begun, ...changes });
        const seen = Object.fromEntries(edited.map((name) => [name, edits[name].seen]));
        for (const name of always) changes[name] ??= now[name];
        const done = await change(kind, id, changes, seen);
        setEdits({});
        return done;
      } catch (problem) {
        setError(problem);
        return undefined;
      } finally {
        setBusy(false);
      }
    },
  };
};
