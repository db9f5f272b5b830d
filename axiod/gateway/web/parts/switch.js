// A switch that never lies: it shows what is true, that something else was asked for, and whether that was done.
import { html, names, useEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { reason } from "./toast.js";

const DONE_MS = 1200;

/**
 * `on`: what the device says (undefined where it does not know). `set`: asks for another state and settles when that was
 * answered; what it raises is shown beside the switch. `fresh`: `on` is true now; otherwise nothing can be asked for.
 */
export const Switch = ({ label, on, set, fresh = true, disabled, hidden, words = ["shell.off", "shell.on"] }) => {
  const [wish, setWish] = useState(null); // what was asked for, until it was answered
  const [answer, setAnswer] = useState(null); // "done", or why not
  const there = useRef(true);
  useEffect(() => () => (there.current = false), []);
  useEffect(() => {
    if (answer !== "done") return undefined;
    const timer = setTimeout(() => setAnswer(null), DONE_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  const pressed = async () => {
    if (wish !== null || disabled || !fresh) return;
    setAnswer(null);
    setWish(!on);
    let found = "done";
    try {
      await set(!on);
    } catch (error) {
      found = reason(error);
    }
    if (!there.current) return;
    setWish(null);
    setAnswer(found);
  };
  const state = wish !== null ? "pending" : answer === "done" ? "done" : answer ? "refused" : "";
  const shown = on === undefined ? t("shell.unknown") : t(words[on ? 1 : 0]);
  return html`
    <span class=${names("switch", state, !fresh && "old")}>
      <button
        type="button"
        role="switch"
        aria-checked=${on === true}
        aria-label=${label}
        aria-busy=${wish !== null}
        aria-disabled=${disabled || !fresh}
        class=${names(on && "on", on === undefined && "unknown")}
        onClick=${pressed}
      >
        <span class="knob" />
      </button>
      ${!hidden && html`<span class="state live">${wish !== null ? t("shell.pending") : shown}</span>`}
      ${state === "refused" && html`<span class="why" role="alert">${answer}</span>`}
    </span>
  `;
};
