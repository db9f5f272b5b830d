// What is done with sensors: adding, copying, removing, and asking one now.
import { html } from "../../lib.js";
import { act, place, post, remove } from "../../api.js";
import { number, t } from "../../i18n.js";
import { go, to } from "../../router.js";
import { all } from "../../store.js";
import { CallDialog, useCall } from "../../parts/call.js";
import { confirm } from "../../parts/dialog.js";
import { Setting } from "../../parts/form.js";
import { said } from "../../parts/toast.js";
import { Trial } from "../../parts/trial.js";
import { Fields, ports, templates } from "./fields.js";
import { Readings } from "./readings.js";

// A sensor that is silent is waited for, and others are before it on the line.
const WITHIN_MS = 60_000;

const freeUnit = (port) => {
  const taken = new Set(all("sensors").filter((one) => one.Port === port).map(({ Unit }) => Unit));
  return Array.from({ length: 247 }, (_, at) => at + 1).find((unit) => !taken.has(unit)) ?? "";
};

/** Add one. `first`: what is known of it, for example from a scan. `added(id)`: instead of opening it. */
export const Add = ({ first = {}, added, close }) => {
  const port = first.Port ?? ports()[0]?.[0] ?? "";
  const call = useCall({
    kind: "sensors",
    first: { Name: "", Port: port, Unit: freeUnit(port), Template: templates()[0]?.[0] ?? "", Line: "template", IntervalMs: 0, ...first },
    send: async (values) => {
      const { Id } = await post("sensors", values);
      said(t("sensors.added", { name: values.Name }));
      close();
      if (added) added(Id);
      else go(to("sensors", "list", Id));
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("sensors.add")} action=${t("shell.add")} close=${close}>
      <${Fields} form=${call} />
    <//>
  `;
};

/** Make one like it, at another address. */
export const Copy = ({ one, close }) => {
  const call = useCall({
    kind: "sensors",
    method: "copy",
    first: { Name: t("sensors.copy-name", { name: one.Name }).slice(0, 128), Unit: freeUnit(one.Port) },
    send: async (values) => {
      const { Id } = await act("sensors", one.Id, "copy", values);
      said(t("sensors.copied", { name: one.Name }));
      close();
      go(to("sensors", "list", Id));
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("sensors.copy-of", { name: one.Name })} action=${t("shell.copy")} close=${close}>
      <${Setting} form=${call} section="sensors" name="Name" label=${t("words.Name")} autocomplete="off" />
      <${Setting} form=${call} section="sensors" name="Unit" />
    <//>
  `;
};

/** Remove one, after asking; true when it was done. */
export const drop = async ({ Id, Name }) => {
  const text = t("sensors.remove-text", { name: Name });
  if (!(await confirm({ title: t("sensors.remove-title"), text, action: t("shell.remove") }))) return false;
  await remove(place("sensors", Id));
  said(t("sensors.removed", { name: Name }));
  return true;
};

/** Ask one now, as soon as this is opened, and say what came. */
export const TestRead = ({ one, close }) => {
  const attempt = async () => {
    const { Readings: readings, LatencyUsec } = await act("sensors", one.Id, "test-read", {}, WITHIN_MS);
    return {
      good: true,
      verdict: t("sensors.answer", { ms: number(LatencyUsec / 1000, 0) }),
      more: readings && html`<${Result} id=${one.Id} readings=${readings} />`,
    };
  };
  return html`
    <${Trial}
      title=${t("sensors.test-of", { name: one.Name })}
      attempt=${attempt}
      failed=${t("sensors.no-answer")}
      again=${t("sensors.test-again")}
      underWay=${t("sensors.asking")}
      close=${close}
    />
  `;
};

const Result = ({ id, readings }) => {
  const channels = all("sensors").find(({ Id }) => Id === id)?.Channels ?? [];
  return html`<${Readings} channels=${channels} readings=${readings} whole />`;
};
