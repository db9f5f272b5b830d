// The fields of a sensor that a new one and one that is there have alike: where it is, and how it is read.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { all, thing } from "../../store.js";
import { SelectField, TextField } from "../../parts/field.js";
import { Setting, Theirs } from "../../parts/form.js";

/** What a fieldbus port is called. */
export const portName = (id) => thing("fieldbus-ports", id).value?.Name ?? id;

const withChosen = (options, chosen) =>
  !chosen || options.some(([id]) => id === chosen) ? options : [...options, [chosen, t("shell.not-there", { name: chosen })]];

/** The fieldbus ports, for a selection in which `chosen` stands in any case. */
export const ports = (chosen) => withChosen(all("fieldbus-ports").map(({ Id, Name }) => [Id, Name]), chosen);

const named = ({ Vendor, Title }) => `${Vendor} ${Title}`;

/** The templates that sensors can have, likewise. */
export const templates = (chosen) =>
  withChosen(
    all("sensor-templates")
      .filter(({ Id, Enabled }) => Enabled || Id === chosen)
      .map((one) => [one.Id, one.Enabled ? named(one) : t("sensors.template-disabled", { name: named(one) })])
      .sort(([, one], [, other]) => one.localeCompare(other)),
    chosen,
  );

const LINES = ["template", "port"];

// As the template says, as the port, or written out.
const Line = ({ form }) => {
  const value = form.value("Line") ?? "";
  const [own, setOwn] = useState(!LINES.includes(value));
  const written = own || !LINES.includes(value);
  const line = thing("sensor-templates", form.value("Template")).value?.Line;
  const theirs = form.theirs("Line");
  const choose = (next) => {
    setOwn(next === "own");
    form.set("Line", next === "own" ? (line ?? "9600 8N1") : next);
  };
  return html`
    <${SelectField}
      label=${t("sensors.Line")}
      value=${written ? "own" : value}
      set=${choose}
      hint=${!written && value === "template" ? (line ?? t("sensors.line-open")) : undefined}
      options=${[...LINES, "own"].map((one) => [one, t(`sensors.line-${one}`)])}
      note=${theirs !== undefined && html`<${Theirs} form=${form} name="Line" section="sensors" value=${theirs} />`}
    />
    ${written &&
    html`
      <${TextField}
        label=${t("sensors.line-text")}
        hint=${t("sensors.line-text-hint")}
        value=${value}
        set=${(text) => form.set("Line", text)}
        error=${form.wrong.Line}
        maxlength="16"
        autocapitalize="none"
      />
    `}
  `;
};

/** `form`: of useSettings or useCall. */
export const Fields = ({ form }) => {
  const template = thing("sensor-templates", form.value("Template")).value;
  const shared = { form, section: "sensors" };
  return html`
    <div class="columns">
      <${Setting} ...${shared} name="Name" label=${t("words.Name")} autocomplete="off" />
      <${Setting} ...${shared} name="Port" options=${ports(form.value("Port"))} />
      <${Setting} ...${shared} name="Unit" />
      <${Setting}
        ...${shared}
        name="Template"
        options=${templates(form.value("Template"))}
        hint=${template && t(`sensors.status-${template.Status}-hint`)}
      />
      <${Line} form=${form} />
      <${Setting} ...${shared} name="IntervalMs" />
    </div>
  `;
};
