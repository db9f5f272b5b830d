// All sensors. Each cell that changes with every poll follows its sensor by itself.
import { html, useComputed, useMemo, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { change } from "../../api.js";
import { go, to } from "../../router.js";
import { can } from "../../session.js";
import { all, fresh, only, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { Card } from "../../parts/page.js";
import { Switch } from "../../parts/switch.js";
import { Table } from "../../parts/table.js";
import { Age } from "../../parts/value.js";
import { Add, Copy, drop, TestRead } from "./calls.js";
import { portName } from "./fields.js";
import { Readings, State } from "./readings.js";

// What seldom changes, of all: the table is only drawn anew for that.
const seldom = () =>
  JSON.stringify(all("sensors").map(({ Id, Name, Port, Unit, Model, State, Enabled }) => ({ Id, Name, Port, Unit, Model, State, Enabled })));

const Values = ({ id }) => {
  const one = thing("sensors", id).value;
  return one && html`<${Readings} channels=${one.Channels} readings=${one.Readings} />`;
};

const LastEvent = ({ id }) => {
  const { LastEvent: text, LastEventUsec } = thing("sensors", id).value ?? {};
  return text && html`<span class="rule-line"><span lang="en">${text}</span><${Age} usec=${LastEventUsec} /></span>`;
};

const Status = ({ id }) => {
  const one = thing("sensors", id).value;
  return one && html`<${State} one=${one} />`;
};

/** On or off, at once. */
export const EnabledSwitch = ({ one, hidden }) => html`
  <${Switch}
    label=${t("sensors.enable", { name: one.Name })}
    on=${one.Enabled}
    fresh=${fresh("sensors")}
    hidden=${hidden}
    set=${(Enabled) => change("sensors", one.Id, { Enabled })}
  />
`;

export const List = () => {
  const [open, setOpen] = useState(null); // {what, one}: the dialog
  const text = useComputed(seldom).value;
  const sensors = useMemo(() => JSON.parse(text), [text]);
  const list = only("sensor-list");
  const live = fresh("sensors");
  const full = list && list.Count >= list.Limit;
  const close = () => setOpen(null);
  const columns = [
    {
      id: "name",
      title: t("words.Name"),
      by: ({ Name }) => Name,
      draw: ({ Id, Name, Model, Port, Unit }) => html`
        <span class="sensor-name">
          <a href=${to("sensors", "list", Id)}>${Name}</a>
          <span class="muted small-text">${Model}</span>
          <span class="muted small-text">${t("sensors.at", { port: portName(Port), unit: Unit })}</span>
        </span>
      `,
    },
    { id: "state", title: t("sensors.State"), by: ({ State: state }) => state, draw: ({ Id }) => html`<${Status} id=${Id} />` },
    { id: "values", title: t("sensors.values"), draw: ({ Id }) => html`<${Values} id=${Id} />` },
    { id: "last", title: t("sensors.LastEvent"), draw: ({ Id }) => html`<${LastEvent} id=${Id} />` },
    {
      id: "actions",
      title: "",
      end: true,
      draw: (one) => html`
        <span class="row end">
          ${can("administrator") && html`<${EnabledSwitch} one=${one} hidden />`}
          ${can("operator") && html`<${Button} small icon="play" label=${t("sensors.test-of", { name: one.Name })} disabled=${!live} act=${() => setOpen({ what: "test", one })} />`}
          ${can("administrator") &&
          html`
            <${Button} small icon="copy" label=${t("sensors.copy-of", { name: one.Name })} disabled=${!live || full} act=${() => setOpen({ what: "copy", one })} />
            <${Button} small icon="remove" label=${t("sensors.remove-of", { name: one.Name })} disabled=${!live} act=${() => drop(one)} />
          `}
        </span>
      `,
    },
  ];
  return html`
    ${list?.Budgets.filter(({ Warning }) => Warning).map(({ Port, Warning }) => html`<p key=${Port} class="notice" lang="en">${Warning}</p>`)}
    <${Card}
      wide
      title=${t("sensors.title")}
      icon="sensors"
      old=${!live}
      actions=${html`
        ${list && html`<span class="muted small-text">${t("sensors.of", { count: list.Count, limit: list.Limit })}</span>`}
        ${can("administrator") && !full && html`<${Button} small icon="add" disabled=${!live} act=${() => setOpen({ what: "add" })}>${t("sensors.add")}<//>`}
      `}
    >
      <${Table}
        name=${t("sensors.title")}
        rows=${sensors}
        columns=${columns}
        sortBy="name"
        open=${({ Id }) => go(to("sensors", "list", Id))}
        search=${sensors.length > 5 && (({ Id, Name, Model, Port, Unit }) => [Id, Name, Model, Port, Unit].join(" "))}
        empty=${t("sensors.empty")}
      />
    <//>
    ${open?.what === "add" && html`<${Add} close=${close} />`}
    ${open?.what === "copy" && html`<${Copy} one=${open.one} close=${close} />`}
    ${open?.what === "test" && html`<${TestRead} one=${open.one} close=${close} />`}
  `;
};
