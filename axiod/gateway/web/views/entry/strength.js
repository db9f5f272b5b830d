// A hint how long a password would last. It only advises: nobody is kept from choosing a bad one.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";

const COMMON = /^(password|passwort|admin|root|welcome|qwert[yz]|letmein|axis|axiod|pass)/i;
const LEVELS = ["weak", "fair", "good", "strong"];

/** 0 to 3: bits of the letters that it is drawn from, less what repeats, follows in order, or begins as many do. */
export const strength = (password) => {
  const kinds = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 33]];
  const letters = kinds.reduce((sum, [kind, size]) => sum + (kind.test(password) ? size : 0), 0);
  let counted = 0;
  for (let at = 0; at < password.length; at += 1) {
    const step = password.charCodeAt(at) - password.charCodeAt(at - 1);
    counted += at > 0 && Math.abs(step) <= 1 ? 0.25 : 1;
  }
  if (COMMON.test(password)) counted -= 5;
  const bits = Math.max(0, counted) * Math.log2(letters || 1);
  return password.length < 8 ? 0 : [45, 60, 80].filter((least) => bits >= least).length;
};

/** A bar with a word. */
export const Strength = ({ password }) => {
  const level = strength(password);
  return html`
    <div class="strength" data-level=${password ? level : ""} role="status">
      <span class="bar" aria-hidden="true">${LEVELS.map((one) => html`<i key=${one} />`)}</span>
      ${password && html`<span>${t(`entry.strength-${LEVELS[level]}`)}</span>`}
    </div>
  `;
};
