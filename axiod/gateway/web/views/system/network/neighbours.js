// Which switches this device is connected to, as they say by LLDP or CDP. They are asked for, not told live.
import { html, useEffect, useRef, useState } from "../../../lib.js";
import { act } from "../../../api.js";
import { number, t, word } from "../../../i18n.js";
import { fresh } from "../../../store.js";
import { Button } from "../../../parts/button.js";
import { Card } from "../../../parts/page.js";
import { Table } from "../../../parts/table.js";
import { reason } from "../../../parts/toast.js";
import { Badge, duration } from "../../../parts/value.js";

const WAIT_MS = 20_000;

/** `heard`: LLDP or CDP is on. */
export const Neighbours = ({ heard }) => {
  const [told, setTold] = useState(null); // {rows} or {error}
  const there = useRef(true);
  const look = async () => {
    const found = await act("network-discovery", undefined, "neighbours", {}, WAIT_MS).then(
      ({ Neighbours: rows }) => ({ rows }),
      (error) => ({ error }),
    );
    if (there.current) setTold(found);
  };
  useEffect(() => () => (there.current = false), []);
  const live = fresh("network-discovery");
  useEffect(() => {
    setTold(null);
    if (heard && live) look();
  }, [heard, live]);
  const again = heard && html`<${Button} small icon="reload" disabled=${!live} act=${look}>${t("discovery.look-again")}<//>`;
  return html`
    <${Card} title=${t("discovery.neighbours")} icon="wire" wide actions=${again}>
      <${Found} heard=${heard} told=${told} />
    <//>
  `;
};

const Found = ({ heard, told }) => {
  if (!heard) return html`<p class="empty">${t("discovery.not-heard")}</p>`;
  if (!told) return html`<p class="muted">${t("shell.loading")}</p>`;
  if (told.error) return html`<p class="notice" lang="en">${reason(told.error)}</p>`;
  return html`
    <${Table}
      name=${t("discovery.neighbours")}
      rows=${told.rows}
      keyOf=${({ Interface, Protocol, ChassisId, PortId }) => [Interface, Protocol, ChassisId, PortId].join(" ")}
      empty=${t("discovery.nobody")}
      columns=${COLUMNS()}
    />
  `;
};

const COLUMNS = () => [
  { id: "here", title: t("discovery.Interface"), by: ({ Interface }) => Interface, draw: ({ Interface }) => html`<code>${Interface}</code>` },
  {
    id: "name",
    title: t("discovery.neighbour"),
    by: ({ Name, ChassisId }) => Name ?? ChassisId,
    draw: ({ Name, ChassisId, Description }) => html`<${Two} first=${Name ?? ChassisId} second=${Description ?? (Name && ChassisId)} />`,
  },
  {
    id: "port",
    title: t("discovery.port"),
    by: ({ PortId }) => PortId,
    draw: ({ PortId, PortDescription }) => html`<${Two} first=${PortId} second=${PortDescription !== PortId && PortDescription} />`,
  },
  { id: "addresses", title: t("discovery.Addresses"), draw: ({ Addresses = [] }) => (Addresses.length ? html`<span class="text">${Addresses.join(", ")}</span>` : "–") },
  { id: "power", title: t("discovery.power"), draw: powerOf },
  { id: "protocol", title: t("discovery.Protocol"), by: ({ Protocol }) => Protocol, draw: ({ Protocol }) => html`<${Badge}>${word("discovery", Protocol)}<//>` },
  { id: "age", title: t("discovery.AgeSec"), end: true, by: ({ AgeSec = 0 }) => AgeSec, draw: ({ AgeSec }) => (AgeSec === undefined ? "–" : duration(Math.max(1, AgeSec) * 1000)) },
];

const Two = ({ first, second }) => html`
  <span class="neighbour"><span>${first ?? "–"}</span>${second && html`<span class="muted">${second}</span>`}</span>
`;

const watts = (milliwatts) => `${number(milliwatts / 1000, 1)} W`;

const powerOf = ({ PowerAllocatedMw, PowerRequestedMw }) => {
  if (PowerAllocatedMw === undefined) return PowerRequestedMw === undefined ? "–" : t("discovery.asked-for", { power: watts(PowerRequestedMw) });
  return PowerRequestedMw === undefined || PowerRequestedMw === PowerAllocatedMw
    ? watts(PowerAllocatedMw)
    : t("discovery.given-of", { power: watts(PowerAllocatedMw), asked: watts(PowerRequestedMw) });
};
