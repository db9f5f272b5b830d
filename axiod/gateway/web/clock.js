// The time of the device, and the ages of what it said.
import { signal } from "./lib.js";

/** How far the device's clock is before the browser's, in milliseconds. */
const offset = signal(0);

/** The device's time in milliseconds since 1970, each second anew. What is drawn with it follows. */
export const now = signal(Date.now());

const tick = () => {
  now.value = Date.now() + offset.value;
};
setInterval(() => document.hidden || tick(), 1000);
document.addEventListener("visibilitychange", () => document.hidden || tick());

/** Learn the device's time from an answer's Date, which has whole seconds; less than two off may be no more than that. */
export const heard = (response) => {
  const said = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(said)) return;
  const found = said + 500 - Date.now();
  offset.value = Math.abs(found) < 2000 ? 0 : found;
  tick();
};
