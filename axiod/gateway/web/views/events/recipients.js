// Recipients: who can be told, and where files go.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { go, to } from "../../router.js";
import { all, fresh, only } from "../../store.js";
import { Button, LinkButton } from "../../parts/button.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { Age, Badge } from "../../parts/value.js";
import { again, drop, Recipient } from "./recipient.js";
import { TestRecipient } from "./trial.js";

export default ({ path: [id] }) => (id === undefined ? html`<${List} />` : html`<${Recipient} id=${id} />`);

const where = ({ Url, To, Host, Port, Share }) => Url ?? To ?? (Share ? `//${Host}/${Share}` : `${Host}:${Port}`);

const List = () => {
  const [tried, setTried] = useState(null);
  const list = only("recipient-list");
  const recipients = all("recipients");
  const live = fresh("recipients");
  const full = list && list.Count >= list.Limit;
  const columns = [
    {
      id: "name",
      title: t("words.Name"),
      by: ({ Name }) => Name,
      draw: ({ Id, Name }) => html`<a href=${to("events", "recipients", Id)}>${Name}</a>`,
    },
    { id: "type", title: t("recipients.Type"), by: ({ Type }) => Type, draw: ({ Type }) => html`<span class="nowrap">${t(`recipients.type-${Type}`)}</span>` },
    { id: "where", title: t("recipients.where"), by: where, draw: (one) => html`<code>${where(one)}</code>` },
    {
      id: "last",
      title: t("recipients.last"),
      draw: ({ LastResult, LastResultUsec, Waiting }) => html`
        <span class="rule-line">
          ${Waiting > 0 && html`<span><${Badge} kind="warn">${t("recipients.waiting", { count: Waiting })}<//></span>`}
          <span lang="en">${LastResult ?? "–"}</span>
          <${Age} usec=${LastResultUsec} />
        </span>
      `,
    },
    {
      id: "actions",
      title: "",
      end: true,
      draw: (one) => html`
        <span class="row end">
          <${Button} small icon="play" label=${t("recipients.test-of", { name: one.Name })} disabled=${!live} act=${() => setTried(one)} />
          <${Button} small icon="copy" label=${t("recipients.copy-of", { name: one.Name })} disabled=${!live || full} act=${() => again(one)} />
          <${Button} small icon="remove" label=${t("recipients.remove-of", { name: one.Name })} disabled=${!live} act=${() => drop(one)} />
        </span>
      `,
    },
  ];
  return html`
    <p class="hint">${t("recipients.hint")}</p>
    <${Card}
      wide
      title=${t("recipients.title")}
      icon="user"
      old=${!live}
      actions=${html`
        ${list && html`<span class="muted small-text">${t("recipients.of", { count: list.Count, limit: list.Limit })}</span>`}
        ${!full && html`<${LinkButton} kind="small" icon="add" href=${to("events", "recipients", "new")}>${t("recipients.add")}<//>`}
      `}
    >
      <${Table}
        name=${t("recipients.title")}
        rows=${recipients}
        columns=${columns}
        sortBy="name"
        open=${({ Id }) => go(to("events", "recipients", Id))}
        search=${recipients.length > 5 && ((one) => `${one.Name} ${one.Type} ${where(one)}`)}
        empty=${t("recipients.empty")}
      />
    <//>
    ${tried && html`<${TestRecipient} one=${tried} close=${() => setTried(null)} />`}
  `;
};
