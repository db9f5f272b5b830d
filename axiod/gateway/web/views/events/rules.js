// All rules: what each says, and how it stands.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { act, change } from "../../api.js";
import { can } from "../../session.js";
import { go, to } from "../../router.js";
import { all, fresh, only } from "../../store.js";
import { Button, LinkButton } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { Switch } from "../../parts/switch.js";
import { Table } from "../../parts/table.js";
import { Age, Badge } from "../../parts/value.js";
import { actionText, conditionText } from "./words.js";

export const Rules = () => {
  const [findings, setFindings] = useState(null);
  const engine = only("rule-engine");
  const rules = all("rules");
  const check = async () => setFindings((await act("rule-engine", undefined, "check")).Findings);
  return html`
    <div class="row event-tools">
      ${can("operator") &&
      html`<${LinkButton} kind="main" icon="add" href=${to("events", "rules", "new")}>${t("events.rule-add")}<//>`}
      <${Button} icon="check" act=${check} disabled=${!fresh("rules")}>${t("events.check")}<//>
      ${engine && html`<span class="muted">${t("events.of", { count: engine.Count, limit: engine.Limit })}</span>`}
    </div>
    <${Table}
      name=${t("events.rules")}
      rows=${rules}
      empty=${t("events.rules-empty")}
      search=${rules.length > 5 && ((rule) => `${rule.Name} ${sentence(rule)}`)}
      sortBy="name"
      open=${(rule) => go(to("events", "rules", rule.Id))}
      columns=${[
        { id: "on", title: t("words.Enabled"), draw: (rule) => html`<${OnOff} rule=${rule} />` },
        {
          id: "name",
          title: t("events.rule"),
          by: ({ Name }) => Name,
          draw: (rule) => html`
            <span class="rule-line">
              <a href=${to("events", "rules", rule.Id)}>${rule.Name}</a>
              <span class="muted">${sentence(rule)}</span>
              ${rule.Problem && html`<span class="said-problem">${rule.Problem}</span>`}
            </span>
          `,
        },
        { id: "state", title: t("events.state"), draw: (rule) => html`<${State} rule=${rule} />` },
        {
          id: "last",
          title: t("events.last-active"),
          by: ({ LastActivatedUsec = 0 }) => LastActivatedUsec,
          draw: ({ LastActivatedUsec }) => (LastActivatedUsec ? html`<${Age} usec=${LastActivatedUsec} />` : "–"),
        },
        {
          id: "count",
          title: t("events.Activations"),
          end: true,
          by: ({ Activations }) => Activations,
          draw: ({ Activations }) => html`<span class="live">${Activations}</span>`,
        },
      ]}
    />
    ${findings && html`<${Findings} findings=${findings} close=${() => setFindings(null)} />`}
  `;
};

const sentence = ({ Conditions, Actions }) =>
  t("events.sentence", {
    conditions: Conditions.map(conditionText).join(` ${t("events.and")} `),
    actions: Actions.map(actionText).join(", "),
  });

const OnOff = ({ rule }) => html`
  <${Switch}
    hidden
    label=${t("events.turn-on", { name: rule.Name })}
    on=${rule.Enabled}
    fresh=${fresh("rules")}
    disabled=${!can("operator")}
    set=${(on) => change("rules", rule.Id, { Enabled: on })}
  />
`;

/** Whether a rule is active, off or suspended. */
export const State = ({ rule }) => {
  if (rule.Suspended) return html`<${Badge} kind="bad" icon="warn">${t("events.suspended")}<//>`;
  if (!rule.Enabled) return html`<${Badge}>${t("shell.off")}<//>`;
  return html`<${Badge} kind=${rule.Active && "live"}>${t(rule.Active ? "words.active" : "words.inactive")}<//>`;
};

const Findings = ({ findings, close }) => html`
  <${Dialog} title=${t("events.check")} close=${close}>
    ${findings.length === 0
      ? html`<p>${t("events.check-good")}</p>`
      : html`
          <ul class="findings">
            ${findings.map(
              ({ Rule, Text }) => html`<li><a href=${to("events", "rules", Rule)} onClick=${close}>${nameOf(Rule)}</a> ${Text}</li>`,
            )}
          </ul>
        `}
  <//>
`;

const nameOf = (id) => all("rules").find((one) => one.Id === id)?.Name ?? id;
