// The drawing of a history: the mean as a line, in the band from the lowest to the highest, with uPlot.
import uPlot from "uplot";
import { html, useEffect, useRef, useState } from "../../lib.js";
import { format, locale, number } from "../../i18n.js";

const HEIGHT = 280;
const LEAST_DRAG = 8;
const DAY_MS = 86_400_000;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The theme is an attribute of the page; a canvas has to be told.
const useTheme = () => {
  const root = document.documentElement;
  const [theme, setTheme] = useState(root.dataset.theme);
  useEffect(() => {
    const watch = new MutationObserver(() => setTheme(root.dataset.theme));
    watch.observe(root, { attributeFilter: ["data-theme"] });
    return () => watch.disconnect();
  }, []);
  return theme;
};

const at = (options) => (ms) => format("DateTimeFormat", options).format(ms);

// What stands below the graph: as fine as its steps are; where a day begins, the day.
const times = (step) => {
  const day = at({ day: "numeric", month: "short", ...(step >= 28 * DAY_MS && { year: "numeric" }) });
  const clock = at({ hour: "2-digit", minute: "2-digit", ...(step < 60_000 && { second: "2-digit" }) });
  return (ms) => (step >= DAY_MS || new Date(ms).toTimeString().startsWith("00:00:00") ? day(ms) : clock(ms));
};

const limitLine = (plot, value) => {
  const y = plot.valToPos(value, "y", true);
  const { left, top, width, height } = plot.bbox;
  if (y < top || y > top + height) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = colour("warn");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.restore();
};

const axis = (more) => ({
  stroke: colour("text-2"),
  font: `12px ${colour("font")}`,
  grid: { stroke: colour("line"), width: 1 },
  ticks: { stroke: colour("line"), width: 1 },
  ...more,
});

const draw = (place, now) =>
  new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      ms: 1,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false } },
      scales: {
        x: { time: true, range: () => [now.current.from, now.current.to] },
        // A value that stays the same is a line in the middle.
        y: { range: (_, low, high) => (low === high ? [(low ?? 0) - 1, (high ?? 0) + 1] : uPlot.rangeNum(low, high, 0.1, false)) },
      },
      series: [
        {},
        { stroke: colour("accent"), width: 2, points: { size: 4 } },
        { stroke: colour("accent-soft"), width: 1, points: { show: false } },
        { stroke: colour("accent-soft"), width: 1, points: { show: false } },
      ],
      bands: [{ series: [3, 2], fill: colour("accent-soft") }],
      axes: [
        axis({ values: (_, splits, __, ___, step) => splits.map(times(step)), space: 70 }),
        axis({ values: (_, splits) => splits.map((value) => number(value)), size: 60 }),
      ],
      hooks: {
        draw: [(plot) => now.current.limits.forEach((value) => limitLine(plot, value))],
        setCursor: [({ cursor }) => now.current.point(cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < LEAST_DRAG) return;
            plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            now.current.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          },
        ],
      },
    },
    now.current.data,
    place,
  );

/**
 * `data`: [times in ms, mean, lowest, highest]; `from`, `to`: what is shown; `limits`: values with a line of their own;
 * `zoom(from, to)`: somebody chose a part; `point(at)`: the pointer is at this place of `data`, or null; `label`: what a
 * screen reader says.
 */
export const Graph = (given) => {
  const place = useRef();
  const plot = useRef();
  const now = useRef(given);
  now.current = given;
  const theme = useTheme();
  useEffect(() => {
    // The reference is empty as soon as the view is left, and the observer may be called once more.
    const frame = place.current;
    const mine = draw(frame, now);
    plot.current = mine;
    const watch = new ResizeObserver(() => {
      const width = frame.clientWidth;
      if (width && width !== mine.width) mine.setSize({ width, height: HEIGHT });
    });
    watch.observe(frame);
    return () => {
      watch.disconnect();
      mine.destroy();
    };
  }, [theme, locale.value]);
  useEffect(() => {
    plot.current.setData(given.data);
  }, [given.data, given.from, given.to, String(given.limits)]);
  return html`<div class="graph live" dir="ltr" role="img" aria-label=${given.label} ref=${place} />`;
};
