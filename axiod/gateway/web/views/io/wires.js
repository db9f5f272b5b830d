// The simulated board's wires: what somebody would do with pliers, and what the device makes of it.
import { html, names, useState } from "../../lib.js";
import { t, word } from "../../i18n.js";
import { act, change } from "../../api.js";
import { can } from "../../session.js";
import { ids, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { choices, NumberField, SelectField } from "../../parts/field.js";
import { refused } from "../../parts/toast.js";
import { ohms } from "../../parts/value.js";
import { Wire } from "./drawing.js";
import { shapeOf, stateText, toneOf } from "./terminals.js";

const CONDITIONS = ["open", "closed", "short", "cut"];
const SCHEMES = ["none", "parallel-22k-4k7", "serial-1k", "serial-2k2", "serial-4k7", "serial-10k"];

export const Wires = () => html`
  <p class="hint">${t("io.wires-hint")}</p>
  <ul class="wires">
    ${ids("wires").value.map((id) => html`<${OneWire} key=${id} id=${id} />`)}
  </ul>
`;

const OneWire = ({ id }) => {
  const wire = thing("wires", id).value;
  const [kind, seen] = thing("ports", id).value ? ["ports", thing("ports", id).value] : ["alarms", thing("alarms", id).value];
  const [more, setMore] = useState(false);
  if (!wire) return null;
  const allowed = can("operator");
  const set = (condition) => act("wires", id, "set", { Condition: condition }).catch(refused);
  return html`
    <li data-id=${id}>
      <strong class="text">${wire.Terminal}</strong>
      <div class="choice" role="group" aria-label=${t("io.wire-of", { name: wire.Terminal })}>
        ${CONDITIONS.map(
          (condition) => html`
            <button
              key=${condition}
              type="button"
              class=${names(wire.Condition === condition && "on")}
              aria-pressed=${wire.Condition === condition}
              disabled=${!allowed}
              onClick=${() => set(condition)}
            >
              ${t(`io.wire-${condition}`)}
            </button>
          `,
        )}
      </div>
      <span class="effect">
        ${seen
          ? html`<${Wire} shape=${shapeOf(kind, seen)} tone=${toneOf(seen)} /><span class="live">${stateText(kind, seen)}</span>`
          : html`<span class="muted">${t("io.wire-output")}</span>`}
      </span>
      <button type="button" class="text-button" aria-expanded=${more} onClick=${() => setMore(!more)}>
        ${wire.Resistors === "none" ? t("io.wire-bare") : word("io", wire.Resistors)}${wire.Ohms === undefined ? "" : ` · ${ohms(wire.Ohms)}`}
      </button>
      ${more && html`<${More} wire=${wire} disabled=${!allowed} />`}
    </li>
  `;
};

const More = ({ wire, disabled }) => {
  const [value, setValue] = useState(Math.round(wire.Ohms ?? 10_000));
  const set = (name) => (wanted) => change("wires", wire.Id, { [name]: wanted }).catch(refused);
  return html`
    <fieldset class="more columns" disabled=${disabled}>
      <${SelectField}
        label=${t("io.Resistors")}
        value=${wire.Resistors}
        options=${choices("io", SCHEMES)}
        set=${set("Resistors")}
      />
      <div class="row moves">
        <${NumberField} label=${t("io.wire-ohms")} hint="" unit="Ω" value=${value} set=${setValue} />
        <${Button} act=${() => act("wires", wire.Id, "set-ohms", { Ohms: Number(value) })} disabled=${typeof value !== "number"}>
          ${t("io.wire-put")}
        <//>
      </div>
      <div class="row">
        <${Button} act=${() => act("wires", wire.Id, "set-broken", { Broken: true })}>${t("io.wire-break")}<//>
        <${Button} act=${() => act("wires", wire.Id, "set-broken", { Broken: false })}>${t("io.wire-mend")}<//>
        <${Button} act=${() => act("wires", wire.Id, "wave", { Hz: 2, Cycles: 10 })}>${t("io.wire-wave")}<//>
      </div>
    </fieldset>
  `;
};
