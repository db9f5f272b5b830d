// A dialog that calls a method of the contract: its fields are made as those of settings are, and what the device says
// against a value stands at its field.
import { html, useEffect, useState } from "../lib.js";
import { argumentsOf } from "../api.js";
import { t } from "../i18n.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { mistake } from "./form.js";
import { reason } from "./toast.js";

/**
 * The arguments of a method while somebody fills them in; `method` is absent where it adds one to the collection `kind`.
 *
 * `first`: what the fields hold at first. `check(values)`: {name: what is wrong} besides what the contract says.
 * `send(values)`: calls it. `taken`: the argument that a Conflict is about. Setting takes what this returns as its form.
 */
export const useCall = ({ kind, method, first = {}, check = () => ({}), send, taken }) => {
  const [schema, setSchema] = useState({});
  const [values, setValues] = useState(first);
  const [touched, setTouched] = useState({});
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    argumentsOf(kind, method).then(setSchema, setProblem);
  }, [kind, method]);
  const all = Object.entries({
    ...Object.fromEntries(Object.keys(values).map((name) => [name, mistake(schema[name], values[name])])),
    ...check(values),
  }).filter(([, text]) => text);
  const said = problem && (problem.kind === "Conflict" ? taken : named(problem, Object.keys(values)));
  return {
    schema,
    busy,
    problem: problem && !said ? problem : null,
    wrong: {
      ...Object.fromEntries(all.filter(([name]) => touched[name])),
      ...(said ? { [said]: reason(problem) } : {}),
    },
    theirs: () => undefined,
    value: (name) => values[name],
    set: (name, value) => {
      setProblem(null);
      setValues((former) => ({ ...former, [name]: value }));
      setTouched((former) => ({ ...former, [name]: true }));
    },
    submit: async (event) => {
      event.preventDefault();
      setTouched(Object.fromEntries(Object.keys(values).map((name) => [name, true])));
      if (busy || all.length) return;
      setBusy(true);
      setProblem(null);
      try {
        await send(values);
      } catch (error) {
        setProblem(error);
      } finally {
        setBusy(false);
      }
    },
  };
};

/** Which of these names a refusal is about: the device begins with it, "name is 'a b'; it must be …". */
export const named = ({ detail }, names) => {
  const first = /^\w+/.exec(detail)?.[0].replaceAll("_", "").toLowerCase();
  return names.find((name) => name.toLowerCase() === first);
};

/** The dialog. `call`: what useCall returned; `action`: what the button says. */
export const CallDialog = ({ call, title, action, close, children }) => html`
  <${Dialog} title=${title} close=${close}>
    <form class="settings" onSubmit=${call.submit} novalidate>
      <fieldset disabled=${call.busy}>${children}</fieldset>
      ${call.problem && html`<p class="problem" role="alert">${reason(call.problem)}</p>`}
      <div class="row end">
        <${Button} act=${close}>${t("shell.cancel")}<//>
        <${Button} type="submit" kind="main" disabled=${call.busy}>${call.busy ? t("shell.wait") : action}<//>
      </div>
    </form>
  <//>
`;
