// Drawings of circuits: a wire in the shape of its state, and the contacts of a relay. Shape says as much as colour.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";

const WIRES = {
  closed: "M4 18H68",
  open: "M4 18H24 M24 18 46 6 M48 18H68",
  short: "M4 18H28 M28 18l6-8 6 16 6-8 M46 18H52 M52 10V26 M57 13V23 M62 16V20",
  cut: "M4 18H28 M44 18H68 M28 26l8-16 M36 26l8-16",
  unknown: "M4 18H12 M18 18H26 M46 18H54 M60 18H68",
};
const DOTS = { closed: [24, 48], open: [24, 48] };

/** A wire: `shape` as its circuit is, `tone` its colour. */
export const Wire = ({ shape, tone }) => html`
  <svg class="wire live ${tone}" viewBox="0 0 72 32" aria-hidden="true">
    <path d=${WIRES[shape] ?? WIRES.unknown} />
    ${(DOTS[shape] ?? []).map((x) => html`<circle key=${x} cx=${x} cy="18" r="3" />`)}
    ${!(shape in WIRES) || shape === "unknown" ? html`<text x="36" y="23" text-anchor="middle">?</text>` : null}
  </svg>
`;

/** The contacts of a relay with their pins. `form`: as ContactForm; `on`: whether it is active, undefined if unknown. */
export const Contacts = ({ form, on, pins = [] }) => {
  const has = { NO: form !== "form-b", NC: form !== "form-a" };
  const pin = (name) => pins.find((one) => one.label === name)?.number ?? "";
  // The tongue touches NO while the relay is active, and NC otherwise; a missing contact is not drawn.
  const end = on === undefined ? "112 45" : on ? "120 20" : "120 70";
  return html`
    <svg class="contacts live ${on ? "active" : "idle"}" viewBox="0 0 200 90" role="img" aria-label=${said(form, on)}>
      <path class="lead" d="M28 45H60" />
      <circle cx="60" cy="45" r="5" />
      ${has.NO && html`<path class="lead" d="M172 20H122" /><circle cx="120" cy="20" r="4" />`}
      ${has.NC && html`<path class="lead" d="M172 70H122" /><circle cx="120" cy="70" r="4" />`}
      <path class="tongue" d="M60 45 ${end}" />
      <g class="terminals">
        <rect x="4" y="35" width="24" height="20" rx="3" /><text x="16" y="49">${pin("COM")}</text>
        ${has.NO && html`<rect x="172" y="10" width="24" height="20" rx="3" /><text x="184" y="24">${pin("NO")}</text>`}
        ${has.NC && html`<rect x="172" y="60" width="24" height="20" rx="3" /><text x="184" y="74">${pin("NC")}</text>`}
      </g>
      <text class="mark" x="16" y="28">COM</text>
      ${has.NO && html`<text class="mark" x="150" y="14">NO</text>`} ${has.NC && html`<text class="mark" x="150" y="88">NC</text>`}
    </svg>
  `;
};

const said = (form, on) => {
  if (on === undefined) return t("io.contacts-unknown");
  const closed = on ? "NO" : "NC";
  const missing = (closed === "NO" && form === "form-b") || (closed === "NC" && form === "form-a");
  return missing ? t("io.contacts-open") : t("io.contacts", { closed });
};
