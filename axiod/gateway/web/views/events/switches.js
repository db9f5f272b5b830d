// Manual triggers and virtual inputs: switches that rules can look at. Each line follows only its own.
import { html, names, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { act } from "../../api.js";
import { can } from "../../session.js";
import { fresh, ids, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { NumberField } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { Settings, useSettings } from "../../parts/form.js";
import { Switch } from "../../parts/switch.js";
import { said } from "../../parts/toast.js";
import { Age } from "../../parts/value.js";

const LONGEST_MS = 86_400_000;

/** `kind`: "manual-triggers" or "virtual-inputs". */
export const Switches = ({ kind }) => {
  const [wanted, setWanted] = useState("");
  const [ms, setMs] = useState(1000);
  const [chosen, setChosen] = useState(null);
  const needle = wanted.trim().toLocaleLowerCase();
  const found = ids(kind).value.filter(
    (id) => !needle || `${id} ${thing(kind, id).peek()?.Name}`.toLocaleLowerCase().includes(needle),
  );
  const wrong = !Number.isInteger(ms) || ms < 1 || ms > LONGEST_MS;
  return html`
    <p class="hint">${t(`events.${kind}-hint`)}</p>
    <div class="row event-tools switch-tools">
      ${ids(kind).value.length > 8 &&
      html`
        <label class="search">
          <${Icon} name="search" />
          <input
            type="search"
            value=${wanted}
            placeholder=${t("shell.search")}
            aria-label=${t("shell.search-in", { name: t(`events.${kind}`) })}
            onInput=${(event) => setWanted(event.target.value)}
          />
        </label>
      `}
      ${can("operator") &&
      html`
        <${NumberField}
          label=${t("events.pulse-length")}
          hint=""
          unit="ms"
          value=${ms}
          set=${setMs}
          error=${wrong ? t("shell.wrong-range", { low: 1, high: LONGEST_MS }) : undefined}
        />
      `}
    </div>
    ${found.length === 0 && html`<p class="empty">${t("shell.nothing-found")}</p>`}
    <ul class="switches" aria-label=${t(`events.${kind}`)}>
      ${found.map((id) => html`<${Line} key=${id} ...${{ kind, id, ms, wrong }} edit=${() => setChosen(id)} />`)}
    </ul>
    ${chosen && html`<${Naming} ...${{ kind, id: chosen }} close=${() => setChosen(null)} />`}
  `;
};

const Line = ({ kind, id, ms, wrong, edit }) => {
  const one = thing(kind, id).value;
  if (!one) return null;
  const live = fresh(kind);
  const pulse = async () => {
    await act(kind, id, "pulse", { DurationMs: ms });
    said(t("events.pulsed", { name: one.Name }));
  };
  return html`
    <li class=${names(!live && "old")} data-id=${id}>
      <span class="number muted">${one.Number}</span>
      <strong>${one.Name}</strong>
      <${Age} usec=${one.LastChangeUsec} />
      <${Switch}
        label=${one.Name}
        on=${one.Active}
        fresh=${live}
        disabled=${!can("operator")}
        words=${["words.inactive", "words.active"]}
        set=${(active) => act(kind, id, "set", { Active: active })}
      />
      ${can("operator") &&
      html`
        <span class="row">
          <${Button} small icon="play" label=${t("events.pulse-of", { name: one.Name })} disabled=${wrong || !live} act=${pulse} />
          <${Button} small kind="quiet" icon="edit" label=${t("events.rename", { name: one.Name })} act=${edit} />
        </span>
      `}
    </li>
  `;
};

const Naming = ({ kind, id, close }) => {
  const form = useSettings(kind, id);
  return html`
    <${Dialog} title=${form.now.Name} close=${close}>
      <${Settings} form=${{ ...form, save: async () => (await form.save()) && close() }} section="events" of=${["Name"]} />
    <//>
  `;
};
