// A scan: who is on a line? What was found can be added.
import { html, useState } from "../../lib.js";
import { act } from "../../api.js";
import { number, t } from "../../i18n.js";
import { to } from "../../router.js";
import { can } from "../../session.js";
import { all, fresh, only, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { useCall } from "../../parts/call.js";
import { Setting } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { reason, said } from "../../parts/toast.js";
import { Badge } from "../../parts/value.js";
import { Add } from "./calls.js";
import { portName, ports } from "./fields.js";

const TONES = { running: "accent", done: "good", failed: "bad" };

export const Scan = () => {
  const scan = only("sensor-scan");
  if (!scan) return html`<p class="muted">${t("shell.loading")}</p>`;
  return html`
    <p class="hint">${t("sensors.scan-hint")}</p>
    <${Begin} scan=${scan} />
    ${scan.State !== "idle" && html`<${Found} scan=${scan} />`}
  `;
};

const cancel = async () => {
  await act("sensor-scan", undefined, "cancel");
  said(t("sensors.scan-was-cancelled"));
};

const Begin = ({ scan }) => {
  const live = fresh("sensor-scan");
  const running = scan.State === "running";
  const call = useCall({
    kind: "sensor-scan",
    method: "start",
    first: { Port: scan.Port ?? ports()[0]?.[0] ?? "", First: 1, Last: 247, Lines: "", TimeoutMs: 100 },
    // Without Lines the device takes its own choice.
    check: ({ First, Last, Lines }) => ({ ...(!Lines && { Lines: "" }), ...(First > Last && { Last: t("sensors.wrong-last") }) }),
    send: ({ Lines, ...given }) => act("sensor-scan", undefined, "start", { ...given, ...(Lines && { Lines }) }),
  });
  const shared = { form: call, section: "sensors" };
  return html`
    <${Card} title=${t("sensors.scan")} icon="search" wide old=${!live}>
      <form class="settings" onSubmit=${call.submit} novalidate>
        <fieldset class="columns" disabled=${running || call.busy}>
          <${Setting} ...${shared} name="Port" hint="" options=${ports(call.value("Port"))} />
          <${Setting} ...${shared} name="First" hint="" />
          <${Setting} ...${shared} name="Last" hint="" />
          <${Setting} ...${shared} name="Lines" placeholder="9600 8N1, 19200 8E1" autocapitalize="none" />
          <${Setting} ...${shared} name="TimeoutMs" />
        </fieldset>
        ${call.problem && html`<p class="problem" role="alert">${reason(call.problem)}</p>`}
        <div class="row end">
          ${running
            ? html`<${Button} icon="stop" disabled=${!live} act=${cancel}>${t("shell.cancel")}<//>`
            : html`<${Button} type="submit" kind="main" icon="search" disabled=${!live || call.busy}>${t("sensors.scan-start")}<//>`}
        </div>
      </form>
    <//>
  `;
};

const sensorAt = (port, unit) => all("sensors").find(({ Port, Unit }) => Port === port && Unit === unit);

// As a sensor has it: what its template says anyway is not written out.
const lineFor = ({ Line: line, Template: template }) =>
  !line || thing("sensor-templates", template).peek()?.Line === line ? "template" : line;

const Found = ({ scan }) => {
  const [adding, setAdding] = useState(null);
  const live = fresh("sensor-scan");
  const running = scan.State === "running";
  const columns = [
    { id: "unit", title: t("sensors.Unit"), by: ({ Unit }) => Unit, draw: ({ Unit }) => Unit },
    { id: "line", title: t("sensors.Line"), by: ({ Line }) => Line, draw: ({ Line }) => html`<code>${Line}</code>` },
    {
      id: "what",
      title: t("sensors.Template"),
      draw: ({ Title, Reason, Unit }) => html`
        <span class="rule-line">
          <span class=${Title ? undefined : "muted"}>${Title ?? sensorAt(scan.Port, Unit)?.Model ?? t("sensors.not-recognised")}</span>
          ${Reason && html`<span class="said-problem" lang="en">${Reason}</span>`}
        </span>
      `,
    },
    {
      id: "actions",
      title: "",
      end: true,
      draw: (one) => html`<${Known} ...${{ one, live }} port=${scan.Port} add=${() => setAdding(one)} />`,
    },
  ];
  const first = adding && {
    Port: scan.Port,
    Unit: adding.Unit,
    Line: lineFor(adding),
    ...(adding.Template && { Template: adding.Template }),
  };
  return html`
    <${Card}
      wide
      title=${t("sensors.found")}
      icon="list"
      old=${!live}
      actions=${html`<${Badge} kind=${TONES[scan.State]}><span data-scan=${scan.State}>${t(`sensors.scan-${scan.State}`)}</span><//>`}
    >
      <p class="scan-progress">
        <progress max=${scan.Total} value=${scan.Asked} aria-label=${t("sensors.progress")} />
        <span class="muted small-text live" role=${running ? undefined : "status"}>
          ${t("sensors.asked", { port: portName(scan.Port), asked: number(scan.Asked), total: number(scan.Total), found: scan.Found.length })}
        </span>
      </p>
      ${scan.Reason && html`<p class="problem" role="alert" lang="en">${scan.Reason}</p>`}
      <${Table}
        name=${t("sensors.found")}
        rows=${scan.Found}
        keyOf=${({ Unit, Line }) => `${Unit} ${Line}`}
        columns=${columns}
        sortBy="unit"
        empty=${t(running ? "sensors.found-nothing-yet" : "sensors.found-nothing")}
      />
    <//>
    ${adding && html`<${Add} first=${first} added=${() => {}} close=${() => setAdding(null)} />`}
  `;
};

// It is a sensor already, or may become one.
const Known = ({ one, port, live, add }) => {
  const there = sensorAt(port, one.Unit);
  if (there) return html`<a href=${to("sensors", "list", there.Id)}>${there.Name}</a>`;
  if (!can("administrator")) return null;
  return html`
    <${Button} small icon="add" disabled=${!live} act=${add}>
      ${t("shell.add")}<span class="unseen"> ${t("sensors.Unit")} ${one.Unit}</span>
    <//>
  `;
};
