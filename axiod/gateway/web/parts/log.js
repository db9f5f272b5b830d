// What the views of logs have in common: how one searches, holds and turns pages. Texts: the section "log".
import { html, useEffect, useRef, useState } from "../lib.js";
import { t } from "../i18n.js";
import { Button } from "./button.js";
import { TextField } from "./field.js";
import { Icon } from "./icon.js";
import { PAGE } from "./pages.js";

const TYPING_MS = 300;

/** A search field. It searches when nobody types any more: the device reads its whole log for it. */
export const Search = ({ name, text, set }) => {
  const [typed, setTyped] = useState(text);
  const timer = useRef();
  useEffect(() => setTyped(text), [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const wait = (next) => {
    setTyped(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(next.trim()), TYPING_MS);
  };
  return html`
    <label class="search">
      <${Icon} name="search" />
      <input
        type="search"
        maxlength="255"
        value=${typed}
        placeholder=${t("shell.search")}
        aria-label=${t("shell.search-in", { name })}
        onInput=${(event) => wait(event.target.value)}
      />
    </label>
  `;
};

/** From and to: FromUsec and ToUsec of `filters`. */
export const TimeRange = ({ filters, set }) => html`
  <details class="more" open=${Boolean(filters.FromUsec || filters.ToUsec)}>
    <summary>${t("log.time-range")}</summary>
    <div class="columns">
      ${["FromUsec", "ToUsec"].map(
        (name) => html`
          <${TextField}
            key=${name}
            type="datetime-local"
            label=${t(`log.${name}`)}
            value=${localTime(filters[name])}
            set=${(text) => /^(?!0)|^$/.test(text) && set({ [name]: text && String(Date.parse(text) * 1000) })}
          />
        `,
      )}
    </div>
  </details>
`;

// A year that is still being typed begins with 0. What a field for date and time holds is in the time of the browser, as is what the table shows.
const localTime = (usec) => {
  if (!usec) return "";
  const at = new Date(usec / 1000);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** Stops what follows, and lets it go on. `live`: it could. */
export const Hold = ({ held, set, live }) => html`
  <${Button} small icon=${held ? "play" : "stop"} disabled=${!live} act=${() => set(!held)}>${t(held ? "log.follow" : "log.hold")}<//>
`;

/** Buttons for other pages: `pages` of usePages. */
export const PageTurner = ({ pages, name }) => html`
  <nav class="row log-pages" aria-label=${name}>
    <${Button} small disabled=${!pages.back} act=${pages.newest}>${t("log.newest")}<//>
    <${Button} small disabled=${!pages.back} act=${pages.newer}>‹ ${t("log.newer")}<//>
    <${Button} small disabled=${!pages.more} act=${pages.older}>${t("log.older", { count: PAGE })} ›<//>
  </nav>
`;
