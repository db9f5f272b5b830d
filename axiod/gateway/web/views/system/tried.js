// Forms of network settings, which are tried before they count. Who saves is asked, and the answer is yes unless changed.
import { html, signal } from "../../lib.js";
import { change, Conflict } from "../../api.js";
import { t } from "../../i18n.js";
import { only } from "../../store.js";
import { tried } from "../../trial.js";
import { named } from "../../parts/call.js";
import { CheckField, NumberField } from "../../parts/field.js";
import { useSettings } from "../../parts/form.js";
import { reason } from "../../parts/toast.js";

const SECONDS = [5, 3600];
const NOTHING = { names: [], changed: false, save: (work) => work() };
const trying = signal({ on: true, seconds: 60 });

/**
 * useSettings for network settings. `check(form)`: {name: what is wrong} besides what the contract says.
 * `sent(values)`: what is sent of what the form holds. What the device says against a setting is at that setting.
 * `also`: what else is saved with them, {names, changed, save(work)}: `save` calls `work`, which saves the settings.
 * `risky(form)`: whether what is changed can cut anybody off; what cannot counts at once. `place(form)`: the URL at which
 * this page is then, undefined where that stays or nobody knows.
 */
export const useTried = (
  kind,
  id,
  { check = () => ({}), sent = (values) => values, also = NOTHING, risky = () => true, place = () => undefined } = {},
) => {
  const form = useSettings(kind, id);
  const changed = form.changed || also.changed;
  const tries = risky(form);
  const mine = changed ? { ...check(form), ...(tries ? lasting() : {}) } : {};
  const refusal = form.error && !(form.error instanceof Conflict) ? form.error : null;
  const at = refusal?.status && named(refusal, [...Object.keys(form.schema), ...also.names]);
  const send = (_kind, _id, values, seen) => {
    const ready = sent(values);
    const work = () => also.save(async () => Object.keys(ready).length > 0 && change(kind, id, ready, seen));
    return tries && trying.value.on ? tried(trying.value.seconds, id ?? kind, ready, work, place(form)) : work();
  };
  return {
    ...form,
    changed,
    tries,
    error: at ? null : form.error,
    wrong: { ...form.wrong, ...mine, ...(at ? { [at]: reason(refusal) } : {}) },
    save: async () => Object.keys(mine).length === 0 && form.save(send),
  };
};

/** Whether what is saved now counts at once, and no trial brings the former settings back. */
export const atOnce = () => !trying.value.on && !only("network-trial")?.Pending;

const lasting = () => {
  const { on, seconds } = trying.value;
  if (!on || only("network-trial")?.Pending) return {};
  const [low, high] = SECONDS;
  return Number.isInteger(seconds) && seconds >= low && seconds <= high ? {} : { Seconds: t("shell.wrong-range", { low, high }) };
};

/** Whether a change is tried first, and for how long. */
export const Trying = ({ form }) => {
  if (!form.changed || !form.tries) return null;
  if (only("network-trial")?.Pending) return html`<p class="hint">${t("system.try-belongs")}</p>`;
  const { on, seconds } = trying.value;
  const [low, high] = SECONDS;
  return html`
    <div class="columns">
      <${CheckField}
        label=${t("system.try")}
        hint=${t("system.try-hint")}
        value=${on}
        set=${(wanted) => (trying.value = { on: wanted, seconds })}
      />
      ${on &&
      html`<${NumberField}
        label=${t("system.try-seconds")}
        unit="s"
        ...${{ low, high }}
        value=${seconds}
        set=${(wanted) => (trying.value = { on, seconds: wanted })}
        error=${form.wrong.Seconds}
      />`}
    </div>
  `;
};
