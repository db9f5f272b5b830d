// Certificates: the list, and what one says. Which one HTTPS presents is chosen here, too.
import { html, useState } from "../../lib.js";
import { change, place, remove } from "../../api.js";
import { t } from "../../i18n.js";
import { now } from "../../clock.js";
import { all, fresh, only } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { download } from "../../parts/files.js";
import { Card, Facts } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { said } from "../../parts/toast.js";
import { Badge, moment } from "../../parts/value.js";
import { Install, InstallSigned, Request, SelfSigned } from "./certificate-calls.js";

const SOON_MS = 30 * 86_400_000;

export const Certificates = () => {
  const [open, setOpen] = useState(null); // {what, id}
  const rows = all("certificates");
  const used = only("web")?.Certificate;
  const one = rows.find(({ Id }) => Id === open?.id);
  const close = () => setOpen(null);
  const show = (what, id) => () => setOpen({ what, id });
  const columns = [
    {
      id: "Id",
      title: t("words.Id"),
      by: (row) => row.Id,
      draw: (row) => html`
        <span class="row">
          <button type="button" class="text-button" onClick=${show("details", row.Id)}>${row.Id}</button>
          ${row.Id === used && html`<${Badge} kind="good" icon="lock">HTTPS<//>`}
        </span>
      `,
    },
    { id: "Subject", title: t("system.Subject"), by: (row) => row.Subject, draw: (row) => html`<span class="text">${row.Subject}</span>` },
    {
      id: "Issuer",
      title: t("system.Issuer"),
      by: (row) => row.Issuer,
      draw: (row) => (row.SelfSigned ? t("system.itself") : html`<span class="text">${row.Issuer}</span>`),
    },
    { id: "NotAfterUsec", title: t("system.NotAfterUsec"), by: (row) => row.NotAfterUsec, draw: (row) => html`<${Until} usec=${row.NotAfterUsec} />` },
  ];
  return html`
    <${Card}
      title=${t("system.certificates")}
      icon="shield"
      old=${!fresh("certificates")}
      actions=${html`
        <${Button} small icon="add" act=${show("make")}>${t("system.make-self-signed")}<//>
        <${Button} small icon="upload" act=${show("install")}>${t("system.install")}<//>
      `}
    >
      <${Table} name=${t("system.certificates")} rows=${rows} columns=${columns} sortBy="Id" open=${(row) => show("details", row.Id)()} />
    <//>
    ${open?.what === "make" && html`<${SelfSigned} close=${close} />`}
    ${open?.what === "install" && html`<${Install} close=${close} />`}
    ${one && open.what === "details" && html`<${Details} one=${one} used=${used === one.Id} show=${show} close=${close} />`}
    ${one && open.what === "request" && html`<${Request} one=${one} close=${close} />`}
    ${one && open.what === "signed" && html`<${InstallSigned} one=${one} close=${close} />`}
  `;
};

const Until = ({ usec }) => {
  const left = usec / 1000 - now.value;
  const kind = left < 0 ? "bad" : left < SOON_MS ? "warn" : undefined;
  const text = moment(usec, { seconds: false });
  return kind ? html`<${Badge} kind=${kind} icon="clock">${text}<//>` : text;
};

const Details = ({ one, used, show, close }) => {
  const choose = async () => {
    const text = t("system.choose-text", { name: one.Id });
    if (!(await confirm({ title: t("system.choose-title"), text, action: t("system.choose"), danger: false }))) return;
    await change("web", undefined, { Certificate: one.Id });
    said(t("system.chosen", { name: one.Id }));
  };
  const drop = async () => {
    const text = t("system.remove-certificate-text", { name: one.Id });
    if (!(await confirm({ title: t("system.remove-certificate"), text, action: t("shell.remove") }))) return;
    await remove(place("certificates", one.Id));
    close();
    said(t("system.certificate-removed", { name: one.Id }));
  };
  return html`
    <${Dialog}
      wide
      title=${t("system.certificate-name", { name: one.Id })}
      close=${close}
      actions=${html`
        <${Button} icon="remove" disabled=${used} act=${drop}>${t("shell.remove")}<//>
        <${Button} icon="download" act=${() => download(`${one.Id}.pem`, one.Pem, "application/x-pem-file")}>${t("system.download")}<//>
        <${Button} icon="edit" act=${show("request", one.Id)}>${t("system.request")}<//>
        <${Button} icon="upload" act=${show("signed", one.Id)}>${t("system.install-signed")}<//>
        <${Button} kind="main" icon="lock" disabled=${used} act=${choose}>${t("system.choose")}<//>
      `}
    >
      ${used && html`<p class="hint">${t("system.in-use")}</p>`}
      <${Facts}
        items=${[
          ["Subject", one.Subject],
          ["Issuer", one.SelfSigned ? t("system.itself") : one.Issuer],
          ["AlternativeNames", one.AlternativeNames.join(", ")],
          ["NotBeforeUsec", moment(one.NotBeforeUsec)],
          ["NotAfterUsec", moment(one.NotAfterUsec)],
          ["KeyType", one.KeyType],
          ["Fingerprint", html`<code class="long">${one.Fingerprint}</code>`],
        ].map(([name, value]) => [t(`system.${name}`), value && html`<span class="text">${value}</span>`])}
      />
    <//>
  `;
};
