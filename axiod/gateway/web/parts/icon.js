// Icons: strokes of 24 x 24, in the colour of the text. They only decorate; what they mean is always written besides.
import { html } from "../lib.js";

const SHAPES = {
  status: "M3 12h4l3-8 4 16 3-8h4",
  io: "M4 7h16v10H4z M8 17v3 M12 17v3 M16 17v3 M8 11h.01 M12 11h.01 M16 11h.01",
  sensors: "M12 14a4 4 0 1 1-2 0V5a2 2 0 1 1 4 0v9",
  events: "M13 3 5 14h6l-1 7 8-11h-6z",
  system: "M4 6h9 M17 6h3 M4 12h3 M11 12h9 M4 18h9 M17 18h3 M15 4v4 M9 10v4 M15 16v4",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4 20a8 8 0 0 1 16 0",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7 M12 17h.01",
  close: "M6 6l12 12 M18 6 6 18",
  down: "M6 9l6 6 6-6",
  add: "M12 5v14 M5 12h14",
  remove: "M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13 M10 11v5 M14 11v5",
  edit: "M4 20h4L19 9l-4-4L4 16z M13 7l4 4",
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  check: "M5 12l5 5L19 7",
  warn: "M12 4 2.5 20h19z M12 10v4 M12 17h.01",
  lock: "M6 11h12v9H6z M8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3 2",
  download: "M12 4v11 M7 10l5 5 5-5 M4 20h16",
  upload: "M12 16V5 M7 10l5-5 5 5 M4 20h16",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M16 16l5 5",
  play: "M7 4v16l13-8z",
  stop: "M6 6h12v12H6z",
  reload: "M20 12a8 8 0 1 1-2.5-5.8 M20 3v5h-5",
  device: "M4 5h16v12H4z M8 21h8 M12 17v4",
  wire: "M3 17h4c6 0 4-10 10-10h4",
  list: "M8 6h12 M8 12h12 M8 18h12 M4 6h.01 M4 12h.01 M4 18h.01",
  light: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M12 3v2 M12 19v2 M3 12h2 M19 12h2 M5.6 5.6 7 7 M17 17l1.4 1.4 M18.4 5.6 17 7 M7 17l-1.4 1.4",
};

/** An icon by its name. */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${SHAPES[name]} /></svg>
`;
