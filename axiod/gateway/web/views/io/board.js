// The board as its terminal blocks. Each wire follows only its own terminal, so a busy board stays quick.
import { html, names } from "../../lib.js";
import { t } from "../../i18n.js";
import { fresh, ids, thing } from "../../store.js";
import { Icon } from "../../parts/icon.js";
import { Age, ohms, Quality } from "../../parts/value.js";
import { Contacts, Wire } from "./drawing.js";
import { addressOf, blocks, isOutput, placeOf, shapeOf, sortText, stateText, toneOf } from "./terminals.js";

export const Board = ({ chosen }) => {
  const found = blocks();
  const alarms = ids("alarms").value.filter((id) => !thing("alarms", id).peek()?.Connector);
  if (!found.length) return html`<p class="empty">${t("io.empty")}</p>`;
  return html`
    <div class="blocks">
      ${found.map(
        ({ title, wires }) => html`
          <section key=${title} class="block" aria-label=${title}>
            <h2>${title}</h2>
            ${wires.map(({ kind, id }) => html`<${Pin} key=${`${kind}/${id}`} ...${{ kind, id, chosen }} />`)}
          </section>
        `,
      )}
      ${alarms.length > 0 &&
      html`
        <section class="block inside" aria-label=${t("io.alarms")}>
          <h2>${t("io.alarms")}</h2>
          ${alarms.map((id) => html`<${Pin} key=${id} kind="alarms" id=${id} chosen=${chosen} />`)}
        </section>
      `}
    </div>
    <${Legend} />
  `;
};

const Pin = ({ kind, id, chosen }) => {
  const one = thing(kind, id).value;
  if (!one) return null;
  const { pins } = placeOf(one.Connector ?? "");
  const here = chosen?.kind === kind && chosen.id === id;
  return html`
    <a
      class=${names("pin", kind === "relays" && "relay", here && "here", !fresh(kind) && "old")}
      href=${addressOf("board", kind, id)}
      aria-current=${here ? "true" : undefined}
      data-id=${id}
    >
      ${kind === "relays"
        ? html`<${Contacts} form=${one.ContactForm} on=${one.Active} pins=${pins} />`
        : html`
            ${kind === "alarms"
              ? html`<${Icon} name="shield" />`
              : html`
            <svg class="screw" viewBox="0 0 40 36" aria-hidden="true">
              <rect x="1" y="3" width="38" height="30" rx="4" />
              <circle cx="14" cy="18" r="8" />
              <path d="M9 21l10-6" />
              <text x="31" y="22">${pins[0]?.number ?? ""}</text>
            </svg>`}
            <${Wire} shape=${shapeOf(kind, one)} tone=${toneOf(one)} />
          `}
      <span class="said">
        <strong>${one.Name}</strong>
        <span class="live">${stateText(kind, one)}</span>
        <${Quality} quality=${one.Quality} problem=${one.Problem} />
      </span>
      <${Hint} ...${{ kind, one }} />
    </a>
  `;
};

// Shown while the mouse is over it, or the keyboard on it; a tap opens the details, which say all of it.
const Hint = ({ kind, one }) => html`
  <span class="tip" aria-hidden="true">
    <b>${one.Terminal}</b> · ${sortText(kind, one)}<br />
    ${one.Connector && html`${one.Connector}<br />`}
    ${one.Ohms !== undefined && html`${ohms(one.Ohms)}<br />`}
    ${one.LastChangeUsec && html`${t("io.changed")} <${Age} usec=${one.LastChangeUsec} />`}
    ${isOutput(kind, one) && one.Running !== "idle" && html` · ${t(`io.running-${one.Running}`)}`}
  </span>
`;

const Legend = () => html`
  <ul class="legend" aria-label=${t("io.legend")}>
    ${[
      ["open", "idle"],
      ["closed", "idle"],
      ["closed", "active"],
      ["short", "tampered"],
      ["cut", "tampered"],
    ].map(
      ([shape, tone]) => html`
        <li key=${shape + tone}>
          <${Wire} shape=${shape} tone=${tone} />
          <span>${tone === "active" ? t("words.active") : t(`words.${shape}`)}</span>
        </li>
      `,
    )}
  </ul>
`;
