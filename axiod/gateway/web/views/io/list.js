// Everything in a list. Each line follows only its own terminal.
import { html, names, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { act } from "../../api.js";
import { can } from "../../session.js";
import { fresh, ids, thing } from "../../store.js";
import { Icon } from "../../parts/icon.js";
import { Switch } from "../../parts/switch.js";
import { Age, Quality } from "../../parts/value.js";
import { Wire } from "./drawing.js";
import { addressOf, isOutput, KINDS, shapeOf, sortText, stateText, toneOf } from "./terminals.js";

export const List = ({ chosen }) => {
  const [wanted, setWanted] = useState("");
  const needle = wanted.trim().toLocaleLowerCase();
  return html`
    <label class="search">
      <${Icon} name="search" />
      <input
        type="search"
        value=${wanted}
        placeholder=${t("shell.search")}
        aria-label=${t("shell.search-in", { name: t("io.title") })}
        onInput=${(event) => setWanted(event.target.value)}
      />
    </label>
    ${KINDS.map((kind) => {
      const found = ids(kind).value.filter((id) => !needle || matches(kind, id, needle));
      if (!found.length) return null;
      return html`
        <section key=${kind} class="lines" aria-label=${t(`io.${kind}`)}>
          <h2>${t(`io.${kind}`)} <span class="muted">${found.length}</span></h2>
          <ul>
            ${found.map((id) => html`<${Line} key=${id} ...${{ kind, id, chosen }} />`)}
          </ul>
        </section>
      `;
    })}
  `;
};

const matches = (kind, id, needle) => {
  const { Name, Terminal, Connector, Usage = "" } = thing(kind, id).peek() ?? {};
  return [id, Name, Terminal, Connector, Usage].join(" ").toLocaleLowerCase().includes(needle);
};

const Line = ({ kind, id, chosen }) => {
  const one = thing(kind, id).value;
  if (!one) return null;
  const here = chosen?.kind === kind && chosen.id === id;
  const count = one.Counter ?? one.Cycles;
  return html`
    <li class=${names("line", here && "here", !fresh(kind) && "old")} data-id=${id}>
      <${Wire} shape=${shapeOf(kind, one)} tone=${toneOf(one)} />
      <a href=${addressOf("list", kind, id)} aria-current=${here ? "true" : undefined}>
        <strong>${one.Name}</strong>
        <span>${[one.Name !== one.Terminal && one.Terminal, sortText(kind, one), one.Connector].filter(Boolean).join(" · ")}</span>
      </a>
      <span class="state live">${stateText(kind, one)} <${Quality} quality=${one.Quality} problem=${one.Problem} /></span>
      <span class="when"><${Age} usec=${one.LastChangeUsec} /></span>
      <span class="count" title=${t(kind === "relays" ? "io.Cycles" : "io.Counter")}>${count ?? ""}</span>
      <span class="act">${isOutput(kind, one) && html`<${OutputSwitch} ...${{ kind, one }} hidden />`}</span>
    </li>
  `;
};

/** The switch of an output; its label is the name of it. */
export const OutputSwitch = ({ kind, one, hidden }) => html`
  <${Switch}
    label=${one.Name}
    on=${one.Active}
    fresh=${fresh(kind)}
    disabled=${!can("operator")}
    words=${["words.inactive", "words.active"]}
    hidden=${hidden}
    set=${(active) => act(kind, one.Id, "set", { Active: active })}
  />
`;
