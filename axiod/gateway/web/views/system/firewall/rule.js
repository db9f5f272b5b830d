// One rule while somebody edits it: only the fields that apply to it, and what is wrong at its field.
import { html, useState } from "../../../lib.js";
import { t } from "../../../i18n.js";
import { Button } from "../../../parts/button.js";
import { Dialog } from "../../../parts/dialog.js";
import { choices, SelectField } from "../../../parts/field.js";
import { mistake, Setting, showWrong } from "../../../parts/form.js";
import { reason } from "../../../parts/toast.js";
import { ofRule } from "./findings.js";

const PORTS = ["tcp", "udp", "both"];
const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: false };
const BLANK = { Kind: "filter", Policy: "accept", Protocol: "tcp" };
const LIMIT = { Unit: "connections", Amount: 10, Period: "minute", Burst: 5 };

// From whom and to which ports are choices of their own, which the record does not have.
const opened = (rule) => ({
  from: rule.Address !== undefined ? "address" : rule.RangeStart !== undefined ? "range" : "anybody",
  to: rule.PortStart !== undefined ? "range" : "port",
  values: { Policy: "accept", ...LIMIT, ...rule },
});

/** The names of the fields that apply, in their order. */
const applying = ({ from, to, values: { Kind, Protocol } }) => [
  "Kind",
  ...(Kind === "limit" ? ["Unit", "Amount", "Period", "Burst"] : ["Policy"]),
  "Protocol",
  ...(PORTS.includes(Protocol) ? (to === "port" ? ["Port"] : ["PortStart", "PortEnd"]) : []),
  ...(from === "address" ? ["Address"] : from === "range" ? ["RangeStart", "RangeEnd"] : []),
  ...(from === "anybody" && !/^icmp/.test(Protocol ?? "") ? ["Family"] : []),
  "Mac",
  "Traffic",
];

const recordOf = (state) =>
  Object.fromEntries(
    applying(state)
      .map((name) => [name, typeof state.values[name] === "string" ? state.values[name].trim() : state.values[name]])
      .filter(([, value]) => value !== undefined && value !== ""),
  );

// What is empty is left out, and the device says where that may not be.
const mistakesOf = (record, schema) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, mistake(schema[name], value)]).filter(([, text]) => text));

/** `done(rule)`: takes the rule; raises Problem where it is wrong. `place`: its place, from 0. */
export const RuleDialog = ({ first, place, schema, done, close }) => {
  const [state, setState] = useState(() => opened(first ?? BLANK));
  const [wrong, setWrong] = useState({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const amend = (changes) => {
    setWrong({});
    setProblem("");
    setState((former) => ({ ...former, ...changes }));
  };
  const form = {
    schema,
    wrong,
    value: (name) => state.values[name],
    theirs: () => undefined,
    set: (name, value) => amend({ values: { ...state.values, [name]: value } }),
  };
  const shown = applying(state);
  const submit = async (event) => {
    event.preventDefault();
    const whole = event.currentTarget;
    const record = recordOf(state);
    const mistakes = mistakesOf(record, schema);
    setWrong(mistakes);
    setProblem("");
    if (Object.keys(mistakes).length) return showWrong(whole);
    setBusy(true);
    try {
      await done(record);
    } catch (error) {
      const said = ofRule(reason(error));
      const at = said?.place === place && shown.find((name) => name === said.field);
      if (at) setWrong({ [at]: said.text });
      else setProblem(said?.place === place ? said.text : reason(error));
      setBusy(false);
      showWrong(whole);
    }
  };
  const Of = ({ name, any, ...more }) => {
    if (!shown.includes(name)) return null;
    const options = any && [["", any], ...choices("firewall", schema[name]?.enum ?? [])];
    return Setting({ form, name, section: "firewall", ...(options ? { options, value: form.value(name) ?? "" } : {}), ...more });
  };
  return html`
    <${Dialog} wide title=${first ? t("firewall.rule", { number: place + 1 }) : t("firewall.add")} close=${close}>
      <form class="settings" onSubmit=${submit} novalidate>
        <fieldset disabled=${busy}>
          <div class="columns">${Of({ name: "Kind" })} ${Of({ name: "Policy" })} ${Of({ name: "Unit" })}</div>
          ${state.values.Kind === "limit" &&
          html`<div class="columns">${Of({ name: "Amount" })} ${Of({ name: "Period" })} ${Of({ name: "Burst" })}</div>`}
          <div class="columns">
            ${Of({ name: "Protocol", any: t("firewall.any") })}
            ${PORTS.includes(state.values.Protocol) &&
            html`
              <${SelectField}
                label=${t("firewall.ports")}
                value=${state.to}
                set=${(to) => amend({ to })}
                options=${[["port", t("firewall.one-port")], ["range", t("firewall.range-of-ports")]]}
              />
            `}
            ${Of({ name: "Port" })} ${Of({ name: "PortStart" })} ${Of({ name: "PortEnd" })}
          </div>
          <div class="columns">
            <${SelectField}
              label=${t("firewall.from")}
              value=${state.from}
              set=${(from) => amend({ from })}
              options=${["anybody", "address", "range"].map((one) => [one, t(`firewall.from-${one}`)])}
            />
            ${Of({ name: "Address", ...plain })} ${Of({ name: "RangeStart", ...plain })} ${Of({ name: "RangeEnd", ...plain })}
            ${Of({ name: "Family", any: t("firewall.any-family") })}
          </div>
          <div class="columns">${Of({ name: "Mac", ...plain })} ${Of({ name: "Traffic", any: t("firewall.any-traffic") })}</div>
        </fieldset>
        ${problem && html`<p class="problem" role="alert">${problem}</p>`}
        <div class="row end">
          <${Button} act=${close}>${t("shell.cancel")}<//>
          <${Button} type="submit" kind="main" disabled=${busy}>${busy ? t("shell.wait") : t(first ? "firewall.take" : "shell.add")}<//>
        </div>
      </form>
    <//>
  `;
};
