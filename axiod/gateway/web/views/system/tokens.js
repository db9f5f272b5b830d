// Tokens, with which programs enter. One is shown when it is made, and never again.
import { html, useState } from "../../lib.js";
import { place, post, remove } from "../../api.js";
import { t, word } from "../../i18n.js";
import { now } from "../../clock.js";
import { all, fresh } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { SelectField, TextField } from "../../parts/field.js";
import { copy } from "../../parts/files.js";
import { Setting } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { refused, said } from "../../parts/toast.js";
import { Age, Badge, moment } from "../../parts/value.js";
import { CallDialog, useCall } from "../../parts/call.js";

const DAY_MS = 86_400_000;
const LIVES_DAYS = [30, 90, 365, 0];

export const Tokens = () => {
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState(null);
  const columns = [
    { id: "Name", title: t("words.Name"), by: (one) => one.Name, draw: (one) => html`<strong class="text">${one.Name}</strong>` },
    { id: "Role", title: t("system.Role"), by: (one) => one.Role, draw: (one) => word("words", one.Role) },
    { id: "CreatedUsec", title: t("system.CreatedUsec"), by: (one) => one.CreatedUsec, draw: (one) => html`<${Age} usec=${one.CreatedUsec} />` },
    { id: "ExpiresUsec", title: t("system.ExpiresUsec"), by: (one) => one.ExpiresUsec ?? Infinity, draw: (one) => html`<${Expiry} one=${one} />` },
    {
      id: "actions",
      title: "",
      end: true,
      draw: (one) => html`<${Button} small icon="remove" label=${t("system.revoke-name", { name: one.Name })} act=${() => revoke(one)} />`,
    },
  ];
  return html`
    <${Card}
      title=${t("system.tokens")}
      icon="lock"
      old=${!fresh("tokens")}
      actions=${html`<${Button} small icon="add" act=${() => setAdding(true)}>${t("system.add-token")}<//>`}
    >
      <p class="hint">${t("system.tokens-hint")}</p>
      <${Table} name=${t("system.tokens")} rows=${all("tokens")} columns=${columns} sortBy="Name" empty=${t("system.no-tokens")} />
    <//>
    ${adding &&
    html`<${Add}
      close=${() => setAdding(false)}
      done=${(one) => {
        setAdding(false);
        setMade(one);
      }}
    />`}
    ${made && html`<${Shown} one=${made} close=${() => setMade(null)} />`}
  `;
};

const Expiry = ({ one }) => {
  if (one.ExpiresUsec === undefined) return t("system.expires-never");
  if (one.ExpiresUsec / 1000 < now.value) return html`<${Badge} kind="warn" icon="clock">${t("system.expired")}<//>`;
  return moment(one.ExpiresUsec, { seconds: false });
};

const revoke = async (one) => {
  const text = t("system.revoke-text", { name: one.Name });
  if (!(await confirm({ title: t("system.revoke-title"), text, action: t("system.revoke") }))) return;
  await remove(place("tokens", one.Id));
  said(t("system.revoked", { name: one.Name }));
};

const Add = ({ close, done }) => {
  const [days, setDays] = useState("365");
  const call = useCall({
    kind: "tokens",
    first: { Name: "", Role: "viewer" },
    send: async (given) => {
      const ends = Number(days) && { ExpiresUsec: Math.round(now.value + Number(days) * DAY_MS) * 1000 };
      done(await post("tokens", { ...given, ...ends }));
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("system.add-token")} action=${t("system.make")} close=${close}>
      <${Setting} form=${call} section="system" name="Name" label=${t("words.Name")} hint=${t("system.token-name-hint")} autocomplete="off" />
      <${Setting} form=${call} section="system" name="Role" hint=${t(`system.may-${call.value("Role")}`)} />
      <${SelectField}
        label=${t("system.lives")}
        value=${days}
        set=${setDays}
        options=${LIVES_DAYS.map((count) => [String(count), count ? t("system.days", { count }) : t("system.expires-never")])}
      />
    <//>
  `;
};

const Shown = ({ one, close }) => {
  const take = async () => {
    if (await copy(one.Token)) said(t("shell.copied"));
    else refused({ message: t("system.copy-by-hand"), kind: "NotCopied" });
  };
  return html`
    <${Dialog}
      title=${t("system.token-made", { name: one.Name })}
      close=${close}
      actions=${html`
        <${Button} icon="copy" act=${take}>${t("shell.copy")}<//>
        <${Button} kind="main" act=${close}>${t("system.token-kept")}<//>
      `}
    >
      <p class="notice">${t("system.token-once")}</p>
      <${TextField}
        label=${t("system.token")}
        value=${one.Token}
        set=${() => {}}
        readonly
        class="code"
        onFocus=${(event) => event.target.select()}
        hint=${`Authorization: Bearer ${one.Token.slice(0, 12)}…`}
      />
    <//>
  `;
};
