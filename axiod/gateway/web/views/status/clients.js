// Who is connected. The device does not tell when somebody comes, so it is asked now and then.
import { html, useEffect, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { get } from "../../api.js";
import { link } from "../../store.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { reason } from "../../parts/toast.js";
import { Age } from "../../parts/value.js";

const EVERY_MS = 5000;

export const Clients = () => {
  const [clients, setClients] = useState(null);
  const [error, setError] = useState(null);
  const [open, setOpen] = useState(false);
  const live = link.value.state === "live";
  useEffect(() => {
    let there = true;
    const ask = () =>
      !document.hidden &&
      get("clients").then(
        ({ Items }) => there && (setClients(Items), setError(null)),
        (problem) => there && setError(problem),
      );
    if (live) ask();
    const timer = live && setInterval(ask, EVERY_MS);
    return () => {
      there = false;
      clearInterval(timer);
    };
  }, [live]);
  const addresses = [...new Set((clients ?? []).map((one) => one.Address))];
  return html`
    <${Card}
      title=${t("status.clients")}
      icon="user"
      old=${!live}
      actions=${clients && html`<${Button} small act=${() => setOpen(true)}>${t("status.view-details")}<//>`}
    >
      ${error && html`<p class="problem">${reason(error)}</p>`}
      ${clients && html`<p><strong class="live" data-clients>${t("status.connections", { count: clients.length })}</strong></p>`}
      <ul class="addresses">
        ${addresses.slice(0, 8).map((one) => html`<li key=${one}><code>${one}</code> <span class="muted">${who(clients, one)}</span></li>`)}
      </ul>
      ${open && html`<${Connections} clients=${clients} close=${() => setOpen(false)} />`}
    <//>
  `;
};

const who = (clients, address) => {
  const found = clients.filter((one) => one.Address === address).map((one) => one.User);
  return [...new Set(found.filter(Boolean))].join(", ");
};

const Connections = ({ clients, close }) => html`
  <${Dialog} wide title=${t("status.clients")} close=${close}>
    <${Table}
      name=${t("status.clients")}
      rows=${clients}
      columns=${[
        { id: "Address", title: t("status.address"), draw: (one) => html`<code>${one.Address}:${one.Port}</code>`, by: (one) => one.Address },
        { id: "Protocol", title: t("status.protocol"), draw: (one) => one.Protocol, by: (one) => one.Protocol },
        { id: "User", title: t("status.user"), draw: (one) => one.User || "–", by: (one) => one.User ?? "" },
        { id: "Streams", title: t("status.streams"), draw: (one) => streams(one.Streams) },
        { id: "Requests", title: t("status.requests"), draw: (one) => one.Requests, by: (one) => one.Requests, end: true },
        { id: "Since", title: t("status.connected"), draw: (one) => html`<${Age} usec=${one.SinceUsec} />`, by: (one) => one.SinceUsec, end: true },
      ]}
    />
  <//>
`;

const streams = (found) => (Array.isArray(found) ? found.join(", ") : String(found ?? "")) || "–";
