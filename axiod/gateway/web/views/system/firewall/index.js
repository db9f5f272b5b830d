// The firewall: whether it is on, what happens to what no rule matches, the rules, and the tables of others beside it.
import { html, useRef, useState } from "../../../lib.js";
import { t, word } from "../../../i18n.js";
import { fresh, only } from "../../../store.js";
import { confirm } from "../../../parts/dialog.js";
import { Setting, Settings, Theirs } from "../../../parts/form.js";
import { Icon } from "../../../parts/icon.js";
import { Card } from "../../../parts/page.js";
import { Table } from "../../../parts/table.js";
import { reason } from "../../../parts/toast.js";
import { Badge } from "../../../parts/value.js";
import { atOnce, Trying, useTried } from "../tried.js";
import { check, ofRule, useFindings } from "./findings.js";
import { RuleDialog } from "./rule.js";
import { Rules } from "./rules.js";

export default () => {
  const firewall = only("firewall");
  if (!firewall) return null;
  return html`
    <${Card} title=${t("firewall.title")} icon="shield" wide old=${!fresh("firewall")} actions=${html`<${State} firewall=${firewall} />`}>
      ${!firewall.Supported && html`<div class="notice"><${Icon} name="warn" /><p>${t("firewall.not-installed")}</p></div>`}
      <${Form} supported=${firewall.Supported} />
    <//>
    ${firewall.ForeignChains.length > 0 && html`<${Foreign} chains=${firewall.ForeignChains} />`}
  `;
};

const State = ({ firewall: { Active } }) =>
  Active ? html`<${Badge} kind="good" icon="check">${t("shell.on")}<//>` : html`<${Badge}>${t("shell.off")}<//>`;

const CUTS = ["cut", "may-cut"];

const Form = ({ supported }) => {
  const insists = useRef(false); // after the question whether to be cut off
  const form = useTried("firewall", undefined, { sent: (values) => (insists.current ? { ...values, Force: true } : values) });
  const wanted = Object.fromEntries(["Active", "DefaultPolicy", "Rules"].map((name) => [name, form.value(name)]));
  const { findings, error } = useFindings(wanted, supported && form.ready && fresh("firewall"));
  const save = async () => {
    insists.current = false;
    if (supported && atOnce()) {
      // What cannot be checked is refused when it is saved, and says why.
      const cuts = (await check(wanted).catch(() => [])).filter(({ Kind }) => CUTS.includes(Kind));
      const text = () => `${t("firewall.cut-anyway")} ${cuts[0].Text}`;
      if (cuts.length && !(await confirm({ title: t("firewall.cut-title"), text: text(), action: t("firewall.cut-action") }))) return false;
      insists.current = cuts.length > 0;
    }
    return form.save();
  };
  const [edited, setEdited] = useState(null); // the place of the rule in the dialog
  const rules = form.value("Rules") ?? [];
  const done = async (rule) => {
    const next = edited === rules.length ? [...rules, rule] : rules.map((former, place) => (place === edited ? rule : former));
    // Without a packet filter nobody can check it before it is saved.
    if (supported) await check({ ...wanted, Rules: next });
    form.set("Rules", next);
    setEdited(null);
  };
  const theirs = form.theirs("Rules");
  return html`
    <${Settings} form=${{ ...form, save }}>
      <${Setting} form=${form} section="firewall" name="Active" disabled=${!supported && !form.value("Active")} />
      <div class="columns"><${Setting} form=${form} section="firewall" name="DefaultPolicy" /></div>
      <${Rules}
        rules=${rules}
        set=${(next) => form.set("Rules", next)}
        edit=${setEdited}
        findings=${findings}
        refusal=${form.wrong.Rules ?? (error ? reason(error) : "")}
      />
      ${theirs !== undefined && html`<${Theirs} form=${form} name="Rules" section="firewall" value=${theirs} />`}
      <${Findings} findings=${findings} error=${error} changed=${form.changed} />
      <${Trying} form=${form} />
    <//>
    ${edited !== null &&
    html`
      <${RuleDialog}
        first=${rules[edited]}
        place=${edited}
        schema=${form.schema.Rules.items.properties}
        done=${done}
        close=${() => setEdited(null)}
      />
    `}
  `;
};

// Before the button that saves, because a rule that is about the one who asks may be far above.
const Findings = ({ findings, error, changed }) => html`
  <div role="status" class="findings-now">
    ${error && !ofRule(reason(error)) && html`<p class="problem">${reason(error)}</p>`}
    ${findings.map(
      ({ Kind, Text }) => html`
        <div class=${Kind === "cut" ? "problem" : "notice"} data-finding=${Kind}>
          <${Icon} name="warn" />
          <p><strong>${t(`firewall.${changed || !CUTS.includes(Kind) ? "" : "now-"}${Kind}`)}</strong> <span lang="en">${Text}</span></p>
        </div>
      `,
    )}
  </div>
`;

const Foreign = ({ chains }) => html`
  <${Card} title=${t("firewall.foreign-title")} icon="list" wide old=${!fresh("firewall")}>
    <p class="hint">${t("firewall.foreign-hint")}</p>
    <${Table}
      name=${t("firewall.foreign-title")}
      rows=${chains}
      keyOf=${({ Family, Table: table, Chain }) => `${Family} ${table} ${Chain}`}
      columns=${[
        { id: "table", title: t("firewall.table"), draw: (one) => html`<code>${one.Family} ${one.Table}</code>` },
        { id: "chain", title: t("firewall.chain"), draw: ({ Chain }) => html`<code>${Chain}</code>` },
        { id: "hook", title: t("firewall.hook"), draw: ({ Hook, Priority }) => `${Hook} (${Priority})` },
        { id: "policy", title: t("firewall.DefaultPolicy"), draw: ({ Policy }) => word("firewall", Policy) },
        {
          id: "drops",
          title: t("firewall.drops"),
          draw: ({ Drops }) => (Drops ? html`<${Badge} kind="warn" icon="warn">${t("shell.yes")}<//>` : t("shell.no")),
        },
      ]}
    />
  <//>
`;
