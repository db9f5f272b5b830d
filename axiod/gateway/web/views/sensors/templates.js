// Templates: what is known of each kind of sensor; taking one away as a file, and bringing one of one's own.
import { html, useState } from "../../lib.js";
import { act, place, post, remove } from "../../api.js";
import { t } from "../../i18n.js";
import { can } from "../../session.js";
import { all, fresh, only } from "../../store.js";
import { Button } from "../../parts/button.js";
import { CallDialog, useCall } from "../../parts/call.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { Field } from "../../parts/field.js";
import { download } from "../../parts/files.js";
import { Card, Facts } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { said } from "../../parts/toast.js";
import { Badge } from "../../parts/value.js";
import { titleOf } from "./readings.js";

const MOST_BYTES = 65_536;
const TONES = { verified: "good", documented: "accent", unverified: "warn" };

export const Templates = () => {
  const [chosen, setChosen] = useState(null);
  const [uploading, setUploading] = useState(false);
  const list = only("sensor-template-list");
  const live = fresh("sensor-templates");
  const templates = all("sensor-templates");
  const shown = templates.find(({ Id }) => Id === chosen);
  const columns = [
    {
      id: "title",
      title: t("sensors.Template"),
      by: ({ Vendor, Title }) => `${Vendor} ${Title}`,
      draw: ({ Id, Vendor, Title }) => html`
        <span class="sensor-name">
          <button type="button" class="text-button" onClick=${() => setChosen(Id)}>${Title}</button>
          <span class="muted small-text">${Vendor} · <code>${Id}</code></span>
        </span>
      `,
    },
    { id: "status", title: t("sensors.Status"), by: ({ Status }) => Status, draw: (one) => html`<${Status} one=${one} />` },
    { id: "channels", title: t("sensors.values"), draw: ({ Channels }) => html`<span class="rule-line">${Channels.map(titleOf).join(", ")}</span>` },
    { id: "sensors", title: t("sensors.title"), by: ({ Sensors }) => Sensors, end: true, draw: ({ Sensors }) => Sensors },
    {
      id: "actions",
      title: "",
      end: true,
      draw: (one) => html`
        <span class="row end">
          <${Button} small icon="download" label=${t("sensors.download-of", { name: one.Title })} disabled=${!live} act=${() => save(one)} />
          ${can("administrator") &&
          one.Origin === "user" &&
          html`<${Button} small icon="remove" label=${t("sensors.remove-of", { name: one.Title })} disabled=${!live} act=${() => drop(one)} />`}
        </span>
      `,
    },
  ];
  return html`
    <p class="hint">${t("sensors.templates-hint")}</p>
    ${list?.Problems.map((text) => html`<p key=${text} class="problem" lang="en">${text}</p>`)}
    <${Card}
      wide
      title=${t("sensors.view-templates")}
      icon="list"
      old=${!live}
      actions=${can("administrator") && html`<${Button} small icon="upload" disabled=${!live} act=${() => setUploading(true)}>${t("sensors.upload")}<//>`}
    >
      <${Table}
        name=${t("sensors.view-templates")}
        rows=${templates}
        columns=${columns}
        sortBy="title"
        open=${({ Id }) => setChosen(Id)}
        search=${({ Id, Vendor, Title, Channels }) => [Id, Vendor, Title, ...Channels.map(titleOf)].join(" ")}
        empty=${t("sensors.no-templates")}
      />
    <//>
    ${shown && html`<${Details} one=${shown} close=${() => setChosen(null)} />`}
    ${uploading && html`<${Upload} close=${() => setUploading(false)} />`}
  `;
};

const Status = ({ one }) => html`
  <span class="row">
    <${Badge} kind=${TONES[one.Status]}>${t(`sensors.status-${one.Status}`)}<//>
    ${!one.Enabled && html`<${Badge} kind="bad">${t("sensors.disabled")}<//>`}
    ${one.Origin === "user" && html`<${Badge}>${t(one.Overrides ? "sensors.overrides" : "sensors.uploaded")}<//>`}
  </span>
`;

const save = async ({ Id }) => {
  const { Text } = await act("sensor-templates", Id, "export");
  download(`${Id}.json`, Text);
};

const drop = async ({ Id, Title, Overrides }) => {
  const text = t(Overrides ? "sensors.template-remove-override" : "sensors.template-remove-text", { name: Title });
  if (!(await confirm({ title: t("sensors.template-remove-title"), text, action: t("shell.remove") }))) return;
  await remove(place("sensor-templates", Id));
  said(t("sensors.removed", { name: Title }));
};

const Details = ({ one, close }) => html`
  <${Dialog}
    title=${one.Title}
    close=${close}
    actions=${html`
      <${Button} icon="download" act=${() => save(one)}>${t("sensors.download")}<//>
      <${Button} kind="main" act=${close}>${t("shell.close")}<//>
    `}
  >
    <${Status} one=${one} />
    <p class="hint">${t(`sensors.status-${one.Status}-hint`)}</p>
    ${one.Note && html`<p lang="en" class="template-note">${one.Note}</p>`}
    <${Facts}
      items=${[
        [t("sensors.Vendor"), one.Vendor],
        [t("words.Id"), html`<code>${one.Id}</code>`],
        [t("sensors.Line"), one.Line ?? t("sensors.line-port")],
        ...one.Channels.map((channel) => [titleOf(channel), unitAndRange(channel)]),
      ]}
    />
  <//>
`;

const unitAndRange = ({ Unit = "–", Lowest, Highest, Derived }) => {
  if (Derived) return t("sensors.derived", { unit: Unit });
  return Lowest === undefined || Highest === undefined ? Unit : t("sensors.unit-range", { low: Lowest, high: Highest, unit: Unit });
};

// The id that a text says, if it is one that there is.
const idIn = (text) => {
  try {
    const { id } = JSON.parse(text);
    return all("sensor-templates").find(({ Id }) => Id === id);
  } catch {
    return undefined; // the device says what is wrong with it
  }
};

const Upload = ({ close }) => {
  const [file, setFile] = useState(null);
  const call = useCall({
    kind: "sensor-templates",
    first: { Text: "" },
    check: ({ Text }) => ({
      Text: !Text ? t("sensors.choose-file") : file?.size > MOST_BYTES ? t("sensors.file-too-large") : "",
    }),
    send: async (values) => {
      const { Id } = await post("sensor-templates", values);
      said(t("sensors.template-uploaded", { name: Id }));
      close();
    },
  });
  const choose = async (event) => {
    const next = event.target.files[0] ?? null;
    setFile(next);
    call.set("Text", next ? await next.text() : "");
  };
  const former = idIn(call.value("Text"));
  return html`
    <${CallDialog} call=${call} title=${t("sensors.upload")} action=${t("sensors.upload-now")} close=${close}>
      <${Field}
        label=${t("sensors.file")}
        hint=${t("sensors.file-hint")}
        error=${call.wrong.Text}
        draw=${(tied) => html`<input type="file" accept=".json,application/json" onChange=${choose} ...${tied} />`}
      />
      ${former && html`<p class="notice">${t(former.Origin === "user" ? "sensors.replaces" : "sensors.will-override", { name: former.Title })}</p>`}
    <//>
  `;
};
