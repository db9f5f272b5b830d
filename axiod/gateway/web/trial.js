// Network settings that are being tried (commit-confirm): they come back by themselves unless somebody keeps them. The
// banner is for every administrator, whoever began the trial and however.
import { html, signal, useEffect, useRef } from "./lib.js";
import { act } from "./api.js";
import { t } from "./i18n.js";
import { can } from "./session.js";
import { all, link, only } from "./store.js";
import { now } from "./clock.js";
import { Button } from "./parts/button.js";
import { Icon } from "./parts/icon.js";
import { duration } from "./parts/value.js";
import { refused, said } from "./parts/toast.js";

/**
 * What this page has asked for: interface, or "network-host" or "firewall" -> changes. Who cuts himself off hears nothing of
 * it from the device.
 */
const asked = signal({});
/** Where this page is by other settings that it has asked for: the kind of these -> URL. */
const moved = signal({});
/** How many changes this page waits for: to keep or roll back before they are in force would leave them untried. */
const working = signal(0);

/**
 * Change settings on trial, by calling `work`; `of`: the interface, or the kind of what there is once. A trial that is
 * under way already has it as well; otherwise one of `seconds` begins, which ends at once when the device refuses the
 * change. `place`: the URL at which this page is then, where that is known and another one.
 */
export const tried = async (seconds, of, changes, work, place = undefined) => {
  const begun = !only("network-trial")?.Pending;
  working.value += 1;
  try {
    if (begun) await act("network-trial", undefined, "begin", { Seconds: seconds });
    return await changed(begun, of, changes, work, place);
  } finally {
    working.value -= 1;
  }
};

const changed = async (begun, of, changes, work, place) => {
  const [before, formerly] = [asked.value, moved.value];
  if (place) moved.value = { ...formerly, [of]: place };
  asked.value = { ...before, [of]: { ...before[of], ...changes } };
  try {
    return await work();
  } catch (error) {
    // Without an answer nobody knows: it may be in force, and this page cut off.
    if (error.status) {
      asked.value = before;
      moved.value = formerly;
      if (begun) await act("network-trial", undefined, "roll-back").catch(refused);
    }
    throw error;
  }
};

const bare = (address) => address.split("/")[0];
const here = () => location.hostname.replace(/^\[|\]$/g, "");

/** The URLs at which interfaces have this page by their static addresses; none where the present one stays. */
export const placesOf = (interfaces) => {
  const addresses = interfaces.flatMap((one) => [
    ...(one.Ipv4Method === "static" ? one.Ipv4Addresses ?? [] : []),
    ...(one.Ipv6Method === "static" ? one.Ipv6Addresses ?? [] : []),
  ]);
  const found = addresses.map(bare).filter((address) => !/^fe[89ab]/i.test(address));
  if (found.includes(here())) return [];
  const port = location.port && `:${location.port}`;
  return found.map((address) => `${location.protocol}//${address.includes(":") ? `[${address}]` : address}${port}/`);
};

/** Links to places, with commas between them. */
export const Places = ({ places }) =>
  places.map((place, at) => html`${at > 0 && ", "}<a key=${place} href=${`${place}#/system/network`}>${place}</a>`);

const configured = () =>
  all("network-interfaces")
    .filter(({ Capabilities }) => Capabilities?.length)
    .map((one) => ({ ...one, ...asked.value[one.Id] }));

// Rules keep somebody out, but the device is where it was.
const movesNothing = () => {
  const changed = Object.keys(asked.value);
  return changed.length > 0 && changed.every((of) => of === "firewall");
};

const keep = () => act("network-trial", undefined, "confirm");
const rollBack = () => act("network-trial", undefined, "roll-back");

const secondsLeft = ({ EndsUsec }) => Math.max(0, Math.ceil((EndsUsec / 1000 - now.value) / 1000));

/** Whether the banner says that the connection is lost, and where to go on: nothing else need say it. */
export const tellsOfLoss = () => {
  const trial = only("network-trial");
  return Boolean(trial?.Pending) && can("administrator") && trial.Last !== "restoring" && secondsLeft(trial) > 0;
};

/** The banner: how long it lasts, and the two ways to end it. */
export const Trial = () => {
  const trial = only("network-trial") ?? {};
  const { Pending, Last } = trial;
  const administrator = can("administrator");
  const before = useRef(false);
  useEffect(() => {
    if (Pending === undefined) return; // nobody is logged in, or the service was never there
    if (before.current && !Pending) {
      asked.value = {};
      moved.value = {};
      if (administrator) said(t(`shell.trial-${Last}`));
    }
    before.current = Pending;
  }, [Pending]);
  if (!Pending || !administrator) return null;
  const left = secondsLeft(trial);
  const lost = link.value.state === "lost";
  const over = Last === "restoring" || (lost && left === 0);
  const places = [...placesOf(configured()), ...Object.values(moved.value)];
  return html`
    <section class="trial" aria-label=${t("shell.trial")}>
      <${Icon} name="clock" />
      <div class="told">
        <p role="status">${t(over ? "shell.trial-over" : lost ? "shell.trial-lost" : "shell.trial-pending")}</p>
        ${!over &&
        html`
          ${places.length > 0
            ? html`<p>${t(lost ? "shell.trial-go" : "shell.trial-check")} <${Places} places=${places} /></p>`
            : lost && html`<p>${t(movesNothing() ? "shell.trial-kept-out" : "shell.trial-look")}</p>`}
          <p class="left">${t("shell.trial-left", { time: duration(Math.max(1, left) * 1000) })}</p>
        `}
      </div>
      ${!over &&
      !lost &&
      html`
        <div class="row">
          <${Button} kind="main" icon="check" act=${keep} disabled=${working.value > 0}>${t("shell.trial-keep")}<//>
          <${Button} act=${rollBack} disabled=${working.value > 0}>${t("shell.trial-roll-back")}<//>
        </div>
      `}
    </section>
  `;
};
