// What a channel measured, as a graph: a range of time that follows the present, or one that was chosen.
import { html, useEffect, useMemo, useRef, useState } from "../../lib.js";
import { act } from "../../api.js";
import { now } from "../../clock.js";
import { number, t } from "../../i18n.js";
import { fresh } from "../../store.js";
import { Button } from "../../parts/button.js";
import { SelectField } from "../../parts/field.js";
import { download } from "../../parts/files.js";
import { Card, Facts } from "../../parts/page.js";
import { reason } from "../../parts/toast.js";
import { moment } from "../../parts/value.js";
import { Graph } from "./graph.js";
import { titleOf } from "./readings.js";

const HOUR_MS = 3_600_000;
const SPANS = { hour: HOUR_MS, hours: 6 * HOUR_MS, day: 24 * HOUR_MS, week: 168 * HOUR_MS, month: 720 * HOUR_MS, year: 8760 * HOUR_MS };
const POINTS = 1500;
const MOST_POINTS = 20_000;
const SHORTEST_MS = 10_000;
const LONGEST_MS = 2 * SPANS.year;
const STEPS = { minute: 60_000, hour: HOUR_MS };
// A graph that follows is asked for anew as often as that can be seen, but not more often than this.
const SOONEST_MS = 2000;
const LATEST_MS = 60_000;

const ask = (sensor, channel, { from, to }, limit) =>
  act("sensor-history", undefined, "query", {
    Sensor: sensor,
    Channel: channel,
    FromUsec: Math.round(from) * 1000,
    ToUsec: Math.round(to) * 1000,
    Limit: limit,
  });

// Where nothing was measured for longer than usual, the line is broken.
const columns = ({ Times, Mean, Lowest, Highest, Resolution }) => {
  const steps = Times.slice(1).map((time, at) => time - Times[at]).sort((one, other) => one - other);
  const longest = 3.5 * (STEPS[Resolution] ?? Math.max(1000, steps[Math.floor(steps.length / 2)] ?? 0));
  const found = [[], [], [], []];
  const put = (...row) => row.forEach((value, at) => found[at].push(value));
  Times.forEach((time, at) => {
    if (at && time - Times[at - 1] > longest) put(Times[at - 1] + 1, null, null, null);
    put(time, Mean[at], Lowest[at], Highest[at]);
  });
  return found;
};

// {from, to, data, resolution, error}: what was found, with the range that it is of.
const useHistory = (sensor, channel, view, live) => {
  const [found, setFound] = useState({});
  const latest = useRef(0);
  useEffect(() => {
    const look = () => {
      const mine = (latest.current += 1);
      const to = view.to ?? now.peek();
      const range = { from: to - view.span, to };
      ask(sensor, channel, range, POINTS).then(
        (answer) => mine === latest.current && setFound({ ...range, data: columns(answer), resolution: answer.Resolution }),
        (error) => mine === latest.current && setFound((former) => ({ ...former, error })),
      );
    };
    look();
    if (view.to !== undefined || !live) return () => (latest.current += 1);
    const every = Math.min(LATEST_MS, Math.max(SOONEST_MS, view.span / POINTS));
    const timer = setInterval(() => document.hidden || look(), every);
    return () => {
      clearInterval(timer);
      latest.current += 1;
    };
  }, [sensor, channel, view, live]);
  return found;
};

const stamp = (ms) => new Date(ms).toISOString();

const save = async (sensor, channel, range) => {
  const { Times, Lowest, Mean, Highest } = await ask(sensor, channel, range, MOST_POINTS);
  const rows = Times.map((time, at) => [stamp(time), Lowest[at], Mean[at], Highest[at]].join(","));
  download(`${sensor}-${channel}.csv`, ["time,lowest,mean,highest", ...rows, ""].join("\r\n"), "text/csv");
};

/** `one`: the sensor. */
export default ({ one }) => {
  const [wanted, setWanted] = useState(one.Channels[0]?.Channel);
  const [view, setView] = useState({ span: SPANS.hour }); // to: its end, where it does not follow the present
  const channel = one.Channels.find(({ Channel }) => Channel === wanted) ?? one.Channels[0];
  const live = fresh("sensors");
  const found = useHistory(one.Id, channel?.Channel, view, live);
  if (!channel) return null;
  const shown = { from: (view.to ?? now.peek()) - view.span, to: view.to ?? now.peek() };
  // Never beyond the present: what would go there follows it.
  const show = (from, to) => {
    const span = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, to - from));
    const end = (from + to) / 2 + span / 2;
    setView(end >= now.peek() ? { span } : { span, to: end });
  };
  const by = (factor) => {
    const more = view.span * (factor - 1);
    if (view.to === undefined) show(shown.from - more, shown.to);
    else show(shown.from - more / 2, shown.to + more / 2);
  };
  const move = (steps) => show(shown.from + steps * view.span, shown.to + steps * view.span);
  const chosen = view.to === undefined && Object.keys(SPANS).find((name) => SPANS[name] === view.span);
  return html`
    <${Card}
      wide
      title=${t("history.title")}
      icon="status"
      old=${!live}
      actions=${html`
        <${Button} small icon="download" disabled=${!live || !found.data?.[0].length} act=${() => save(one.Id, channel.Channel, found)}>CSV<//>
      `}
    >
      <div class="history-tools">
        ${one.Channels.length > 1 &&
        html`
          <${SelectField}
            label=${t("history.channel")}
            value=${channel.Channel}
            set=${setWanted}
            options=${one.Channels.map((each) => [each.Channel, titleOf(each)])}
          />
        `}
        <div class="row" role="group" aria-label=${t("history.range")}>
          ${Object.entries(SPANS).map(
            ([name, span]) => html`
              <${Button} key=${name} small kind=${chosen === name && "main"} aria-pressed=${chosen === name} act=${() => setView({ span })}>
                ${t(`history.span-${name}`)}
              <//>
            `,
          )}
        </div>
        <div class="row" role="group" aria-label=${t("history.part")}>
          <${Button} small label=${t("history.earlier")} act=${() => move(-0.5)}>‹<//>
          <${Button} small label=${t("history.later")} disabled=${view.to === undefined} act=${() => move(0.5)}>›<//>
          <${Button} small label=${t("history.closer")} act=${() => by(0.5)}>+<//>
          <${Button} small label=${t("history.wider")} act=${() => by(2)}>−<//>
        </div>
      </div>
      ${found.error && html`<p class="problem" role="alert">${reason(found.error)}</p>`}
      ${found.data ? html`<${Shown} ...${{ one, channel, found, show }} />` : !found.error && html`<p class="muted">${t("shell.loading")}</p>`}
    <//>
  `;
};

const Shown = ({ one, channel, found, show }) => {
  const [point, setPoint] = useState(null);
  const { data, from, to, resolution } = found;
  const { Unit: unit = "" } = channel;
  const value = (given) => (given === undefined ? undefined : `${number(given)} ${unit}`.trim());
  const summary = useMemo(() => {
    const known = data[1].map((mean, at) => [mean, data[2][at], data[3][at]]).filter(([mean]) => mean !== null);
    if (!known.length) return undefined;
    return {
      lowest: known.reduce((least, [, low]) => Math.min(least, low), Infinity),
      mean: known.reduce((sum, [mean]) => sum + mean, 0) / known.length,
      highest: known.reduce((most, [, , high]) => Math.max(most, high), -Infinity),
      count: known.length,
    };
  }, [data]);
  const { Above, Below } = one.ChannelSettings.find(({ Channel }) => Channel === channel.Channel) ?? {};
  const range = t("history.from-to", { from: moment(from * 1000), to: moment(to * 1000) });
  const label = [
    `${titleOf(channel)}, ${range}`,
    summary ? t("history.summary", { lowest: value(summary.lowest), mean: value(summary.mean), highest: value(summary.highest) }) : t("history.empty"),
  ].join(": ");
  const there = point !== null && data[1][point] !== null && data[1][point] !== undefined;
  return html`
    <p class="history-point muted small-text" data-point=${there ? point : undefined}>
      ${there
        ? html`<strong>${value(data[1][point])}</strong> ${resolution !== "raw" && `(${number(data[2][point])} – ${number(data[3][point])})`} ${moment(data[0][point] * 1000)}`
        : range}
    </p>
    <${Graph} ...${{ data, from, to, label, point: setPoint, zoom: show }} limits=${[Above, Below].filter((limit) => limit !== undefined)} />
    ${summary
      ? html`
          <${Facts}
            items=${[
              [t("history.lowest"), value(summary.lowest)],
              [t("history.mean"), value(summary.mean)],
              [t("history.highest"), value(summary.highest)],
              [t("history.points"), t(`history.resolution-${resolution}`, { count: number(summary.count) })],
            ]}
          />
        `
      : html`<p class="empty">${t("history.empty")}</p>`}
  `;
};
