// Everything about one terminal: how it is, what can be done with it, and its settings.
import { html } from "../../lib.js";
import { t, word } from "../../i18n.js";
import { act } from "../../api.js";
import { can } from "../../session.js";
import { fresh, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { Setting, Settings, useSettings } from "../../parts/form.js";
import { Facts } from "../../parts/page.js";
import { said } from "../../parts/toast.js";
import { Age, Badge, Quality } from "../../parts/value.js";
import { Contacts, Wire } from "./drawing.js";
import { OutputSwitch } from "./list.js";
import { Moves } from "./moves.js";
import { Supervision } from "./supervision.js";
import { isOutput, placeOf, shapeOf, sortText, stateText, toneOf } from "./terminals.js";
import { Urls } from "./urls.js";

export const Details = ({ kind, id }) => {
  const one = thing(kind, id).value;
  if (!one) return null;
  const output = isOutput(kind, one);
  return html`
    <header class=${fresh(kind) ? "one-head" : "one-head old"}>
      <h2>${one.Name}</h2>
      ${one.Connector && html`<p class="hint" data-place>${one.Connector}</p>`}
      <${Quality} quality=${one.Quality} problem=${one.Problem} />
      ${one.Problem && html`<p class="problem">${one.Problem}</p>`}
      <div class="one-state">
        ${kind === "relays"
          ? html`<${Contacts} form=${one.ContactForm} on=${one.Active} pins=${placeOf(one.Connector).pins} />`
          : html`<${Wire} shape=${shapeOf(kind, one)} tone=${toneOf(one)} />`}
        <p><strong class="live" data-state>${stateText(kind, one)}</strong> <${Age} usec=${one.LastChangeUsec} /></p>
        ${output && html`<${OutputSwitch} ...${{ kind, one }} hidden />`}
        ${output && one.Running !== "idle" && html`<${Badge} kind="accent">${t(`io.running-${one.Running}`)}<//>`}
      </div>
    </header>
    ${output && can("operator") && html`<${Moves} kind=${kind} one=${one} />`}
    <${Form} ...${{ kind, id, one, output }} />
    <${Counts} ...${{ kind, one }} />
    ${one.Urls && html`<${Urls} urls=${one.Urls} />`}
    <${Facts}
      items=${[
        [t("io.kind"), sortText(kind, one)],
        [t("io.Terminal"), one.Terminal],
        [t("io.Number"), one.Number],
        [t("io.ContactForm"), one.ContactForm && word("io", one.ContactForm)],
        [t("words.Id"), html`<code>${id}</code>`],
      ]}
    />
  `;
};

const Form = ({ kind, id, one, output }) => {
  const form = useSettings(kind, id);
  // What is being edited decides which settings make sense.
  const direction = form.value("Direction");
  const input = kind !== "relays" && direction !== "output";
  const supervised = input && one.Supervisable && form.value("Supervision") !== "none";
  const shown = [
    "Name",
    kind === "ports" && "Usage",
    kind === "alarms" && "Enabled",
    one.Directions?.length > 1 && "Direction",
    kind !== "relays" && "NormalState",
    input && !supervised && "DebounceMs",
    output && "BootPolicy",
    output && "FailurePolicy",
  ].filter(Boolean);
  const hints = output ? { NormalState: t("io.NormalState-moves") } : {};
  return html`
    <section class="part" aria-label=${t("io.settings")}>
      <h3>${t("io.settings")}</h3>
      <${Settings} form=${form} section="io" disabled=${!can("operator")}>
        <div class="columns">${shown.map((name) => html`<${Setting} key=${name} ...${{ form, name, section: "io", hint: hints[name] }} />`)}</div>
        ${input && one.Supervisable && html`<${Supervision} form=${form} one=${one} old=${!fresh(kind)} />`}
      <//>
    </section>
  `;
};

const Counts = ({ kind, one }) => {
  const count = one.Counter ?? one.Cycles;
  if (count === undefined) return null;
  const reset = async () => {
    const text = t("io.reset-text", { name: one.Name, count });
    if (!(await confirm({ title: t("io.reset-title"), text, action: t("io.reset") }))) return;
    const { Count } = await act(kind, one.Id, "reset-counter");
    said(t("io.reset-done", { name: one.Name, count: Count }));
  };
  return html`
    <section class="part counts" aria-label=${t(kind === "relays" ? "io.Cycles" : "io.Counter")}>
      <h3>${t(kind === "relays" ? "io.Cycles" : "io.Counter")}</h3>
      <p class="row">
        <strong class="live number" data-count>${count}</strong>
        ${one.LostEdges > 0 && html`<span class="muted">${t("io.lost-edges", { count: one.LostEdges })}</span>`}
        ${can("operator") && html`<${Button} small icon="reload" act=${reset} disabled=${!fresh(kind)}>${t("io.reset")}<//>`}
      </p>
    </section>
  `;
};
