// The rules in their order: what each says, and moving them.
import { html, names, useRef } from "../../../lib.js";
import { t } from "../../../i18n.js";
import { Button } from "../../../parts/button.js";
import { Badge } from "../../../parts/value.js";
import { ofRule } from "./findings.js";
import { matched, verdict } from "./words.js";

const MOST = 256;

/**
 * `edit(place)`: opens a rule; that of a new one is behind the last. `findings` and `refusal`: what the device says of
 * those in the form.
 */
export const Rules = ({ rules, set, edit, findings, refusal }) => {
  const list = useRef();
  const move = (from, to) => {
    const next = [...rules];
    [next[from], next[to]] = [next[to], next[from]];
    set(next);
    // The focus goes with the rule, so that it can be moved on.
    const way = to < from ? "up" : "down";
    requestAnimationFrame(() => {
      const tools = list.current?.children[to];
      (tools?.querySelector(`[data-move=${way}]:enabled`) ?? tools?.querySelector("[data-move]:enabled"))?.focus();
    });
  };
  const wrong = ofRule(refusal);
  return html`
    <h3>${t("firewall.Rules")}</h3>
    <p class="hint">${t("firewall.Rules-hint")}</p>
    ${rules.length === 0
      ? html`<p class="empty">${t("firewall.no-rules")}</p>`
      : html`
          <ol class="records firewall-rules" ref=${list} aria-label=${t("firewall.Rules")}>
            ${rules.map(
              (rule, place) => html`
                <${Rule}
                  key=${place}
                  ...${{ rule, place, last: rules.length - 1, move }}
                  edit=${() => edit(place)}
                  drop=${() => set(rules.filter((_, index) => index !== place))}
                  found=${findings.filter((one) => one.Rule === place + 1)}
                  wrong=${wrong?.place === place ? wrong.text : undefined}
                />
              `,
            )}
          </ol>
        `}
    ${refusal && !wrong && rules.length > 0 && html`<p class="problem" role="alert">${refusal}</p>`}
    <div class="row">
      <${Button} icon="add" disabled=${rules.length >= MOST} act=${() => edit(rules.length)}>${t("firewall.add")}<//>
    </div>
  `;
};

const Rule = ({ rule, place, last, move, edit, drop, found, wrong }) => {
  const number = place + 1;
  return html`
    <li aria-label=${t("firewall.rule", { number })} class=${names("record", wrong && "wrong")}>
      <span class="rule-number muted">${number}</span>
      <div class="record-fields">
        <p class="rule-text"><${Badge} kind=${KINDS[verdict(rule)]}>${t(`firewall.${verdict(rule)}`)}<//> <span>${matched(rule)}</span></p>
        ${found.map(({ Kind }) => html`<p key=${Kind}><${Badge} kind=${Kind === "cut" ? "bad" : "warn"} icon="warn">${t(`firewall.rule-${Kind}`)}<//></p>`)}
        ${wrong && html`<p class="problem" role="alert">${wrong}</p>`}
      </div>
      <div class="rule-tools">
        <${Button}
          kind="quiet"
          small
          icon="down"
          label=${t("firewall.up", { number })}
          disabled=${place === 0}
          act=${() => move(place, place - 1)}
          data-move="up"
        />
        <${Button}
          kind="quiet"
          small
          icon="down"
          label=${t("firewall.down", { number })}
          disabled=${place === last}
          act=${() => move(place, place + 1)}
          data-move="down"
        />
        <${Button} kind="quiet" small icon="edit" label=${t("firewall.edit", { number })} act=${edit} />
        <${Button} kind="quiet" small icon="remove" label=${t("firewall.remove", { number })} act=${drop} />
      </div>
    </li>
  `;
};

const KINDS = { accept: "good", drop: "bad", limit: "accent" };
