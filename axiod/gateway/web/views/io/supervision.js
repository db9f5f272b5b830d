// The supervised loop: which resistors are in it, what is measured now, and where the bounds of the states are.
import { html, names } from "../../lib.js";
import { t, word } from "../../i18n.js";
import { Setting } from "../../parts/form.js";
import { Reading, ohms } from "../../parts/value.js";

/** `form`: the settings of the port or alarm; `one`: the port or alarm as it is. */
export const Supervision = ({ form, one, old }) => {
  const scheme = form.value("Supervision");
  const supervised = scheme !== "none";
  return html`
    <div class="stack supervision">
      <${Setting} form=${form} name="Supervision" section="io" />
      ${supervised && html`<${Loop} scheme=${scheme} />`}
      ${supervised && one.Supervision === scheme && html`<${Measured} one=${one} old=${old} />`}
      ${supervised &&
      html`
        <div class="columns">
          <${Setting} form=${form} name="HoldMs" section="io" />
          <${Setting} form=${form} name="HysteresisLevels" section="io" />
        </div>
      `}
    </div>
  `;
};

// How the resistors are wired, so that somebody on a ladder can compare it with what is in front of them.
const Loop = ({ scheme }) => {
  const parallel = scheme.startsWith("parallel");
  const value = { "1k": "1 kΩ", "2k2": "2.2 kΩ", "4k7": "4.7 kΩ", "10k": "10 kΩ" }[scheme.split("-")[1]];
  const [across, along] = parallel ? ["22 kΩ", "4.7 kΩ"] : [value, value];
  return html`
    <svg class="loop" viewBox="0 0 280 96" role="img" aria-label=${t("io.loop", { across, along })}>
      <path d="M8 20H70 M118 20H238V34 M238 62V84H8 M${parallel ? 40 : 170} 20V34 M${parallel ? 40 : 170} 62V84" />
      <rect x="70" y="12" width="48" height="16" rx="2" />
      <rect x=${(parallel ? 40 : 170) - 8} y="34" width="16" height="28" rx="2" />
      <path d="M238 34l12 26" />
      <circle cx="238" cy="34" r="3" /><circle cx="238" cy="62" r="3" />
      <circle cx="8" cy="20" r="4" /><circle cx="8" cy="84" r="4" />
      <text x="94" y="8" text-anchor="middle">${along}</text>
      <text x=${(parallel ? 40 : 170) + 14} y="52">${across}</text>
    </svg>
  `;
};

const Measured = ({ one, old }) => {
  const highest = one.Ranges.length ? Math.max(...one.Ranges.map(([, , upper]) => upper)) : 0;
  const ranges = [...one.Ranges].sort((a, b) => a[1] - b[1]);
  return html`
    <div class=${names("measured", old && "old")}>
      <p>
        <span class="muted">${t("io.measured")}</span>
        <strong data-ohms>
          <${Reading} value=${one.Ohms === undefined ? "∞" : ohms(one.Ohms)} quality=${one.Quality} old=${old} />
        </strong>
        ${one.ExpectedOhms !== undefined && html`<span class="muted">${t("io.expected", { ohms: ohms(one.ExpectedOhms) })}</span>`}
      </p>
      <svg class="scale" viewBox="0 0 400 34" preserveAspectRatio="none" aria-hidden="true">
        ${ranges.map(([state, lower, upper]) => {
          const [x, width] = [(lower / highest) * 400, ((upper - lower + 1) / highest) * 400];
          return html`<rect key=${state} class=${names(state, state === one.SupervisedState && "now")} x=${x} y="12" width=${width} height="10" />`;
        })}
        ${one.Level !== undefined && html`<path class="needle live" d="M${(one.Level / highest) * 400} 6V28" />`}
      </svg>
      <ul class="scale-words">
        ${ranges.map(
          ([state, lower, upper]) => html`
            <li key=${state} class=${names(state, state === one.SupervisedState && "now")}>
              <i aria-hidden="true" />${word("words", state)} <span class="muted">${lower}–${upper}</span>
            </li>
          `,
        )}
      </ul>
    </div>
  `;
};
