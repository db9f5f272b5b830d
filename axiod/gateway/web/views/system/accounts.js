// Accounts: who logs in by name, and whether anybody may look without.
import { html, useState } from "../../lib.js";
import { act, change, place, post, remove } from "../../api.js";
import { t, word } from "../../i18n.js";
import { session } from "../../session.js";
import { all, fresh, only } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm, Dialog } from "../../parts/dialog.js";
import { PasswordField } from "../../parts/field.js";
import { Setting, Settings, useSettings } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { Switch } from "../../parts/switch.js";
import { Table } from "../../parts/table.js";
import { said } from "../../parts/toast.js";
import { Age } from "../../parts/value.js";
import { Strength } from "../entry/strength.js";
import { CallDialog, useCall } from "../../parts/call.js";

export const Accounts = () => {
  const [open, setOpen] = useState(null); // {what: "add" | "edit" | "password", id}
  const accounts = all("accounts");
  const administrators = accounts.filter((one) => one.Role === "administrator");
  const isLast = (one) => administrators.length === 1 && administrators[0].Id === one.Id;
  const close = () => setOpen(null);
  const columns = [
    { id: "Name", title: t("words.Name"), by: (one) => one.Name, draw: (one) => html`<strong class="text">${one.Name}</strong>` },
    { id: "Role", title: t("system.Role"), by: (one) => one.Role, draw: (one) => word("words", one.Role) },
    { id: "Comment", title: t("system.Comment"), draw: (one) => html`<span class="text">${one.Comment || "–"}</span>` },
    {
      id: "PasswordChangedUsec",
      title: t("system.PasswordChangedUsec"),
      by: (one) => one.PasswordChangedUsec,
      draw: (one) => html`<${Age} usec=${one.PasswordChangedUsec} />`,
    },
    {
      id: "actions",
      title: "",
      end: true,
      draw: (one) => html`
        <span class="row end">
          <${Button} small icon="edit" label=${t("system.edit-account", { name: one.Name })} act=${() => setOpen({ what: "edit", id: one.Id })} />
          <${Button} small icon="lock" label=${t("system.new-password-of", { name: one.Name })} act=${() => setOpen({ what: "password", id: one.Id })} />
          <${Button}
            small
            icon="remove"
            label=${t(isLast(one) ? "system.last-administrator-stays" : "system.remove-account-of", { name: one.Name })}
            disabled=${isLast(one)}
            act=${() => removeAccount(one)}
          />
        </span>
      `,
    },
  ];
  const edited = open?.id && accounts.find((one) => one.Id === open.id);
  return html`
    <${Card}
      title=${t("system.accounts")}
      icon="user"
      old=${!fresh("accounts")}
      actions=${html`<${Button} small icon="add" act=${() => setOpen({ what: "add" })}>${t("system.add-account")}<//>`}
    >
      <${Table} name=${t("system.accounts")} rows=${accounts} columns=${columns} sortBy="Name" search=${accounts.length > 10 && ((one) => `${one.Name} ${one.Comment}`)} />
    <//>
    <${Anonymous} />
    ${open?.what === "add" && html`<${Add} close=${close} />`}
    ${open?.what === "edit" && edited && html`<${Edit} one=${edited} last=${isLast(edited)} close=${close} />`}
    ${open?.what === "password" && edited && html`<${NewPassword} one=${edited} close=${close} />`}
  `;
};

const removeAccount = async (one) => {
  const own = one.Name === session.value.Name;
  const text = t(own ? "system.remove-own-account" : "system.remove-account-text", { name: one.Name });
  if (!(await confirm({ title: t("system.remove-account"), text, action: t("shell.remove") }))) return;
  await remove(place("accounts", one.Id));
  said(t("system.account-removed", { name: one.Name }));
};

const Anonymous = () => {
  const access = only("access");
  return html`
    <${Card} title=${t("system.anonymous")} icon="shield" old=${!fresh("access")}>
      <div class="stack">
        <${Switch}
          label=${t("system.AnonymousViewing")}
          on=${access?.AnonymousViewing}
          fresh=${fresh("access")}
          set=${(on) => change("access", undefined, { AnonymousViewing: on })}
        />
        <p class="hint">${t("system.AnonymousViewing-hint")}</p>
      </div>
    <//>
  `;
};

const asked = (given) => ({ Again: given.Again === given.Password ? "" : t("system.differs") });

const Passwords = ({ call }) => html`
  <${PasswordField}
    fresh
    label=${t("system.Password")}
    hint=${t("system.Password-hint")}
    value=${call.value("Password")}
    set=${(text) => call.set("Password", text)}
    error=${call.wrong.Password}
    maxlength="64"
    note=${html`<${Strength} password=${call.value("Password")} />`}
  />
  <${PasswordField}
    fresh
    label=${t("system.Again")}
    value=${call.value("Again")}
    set=${(text) => call.set("Again", text)}
    error=${call.wrong.Again}
    maxlength="64"
  />
`;

const Add = ({ close }) => {
  const call = useCall({
    kind: "accounts",
    first: { Name: "", Role: "viewer", Password: "", Again: "", Comment: "" },
    taken: "Name",
    check: asked,
    send: async ({ Again: _, ...given }) => {
      await post("accounts", given);
      said(t("system.account-added", { name: given.Name }));
      close();
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("system.add-account")} action=${t("shell.add")} close=${close}>
      <${Setting} form=${call} section="system" name="Name" label=${t("words.Name")} hint=${t("system.account-name-hint")} autocomplete="off" autocapitalize="none" />
      <${Setting} form=${call} section="system" name="Role" hint=${t(`system.may-${call.value("Role")}`)} />
      <${Passwords} call=${call} />
      <${Setting} form=${call} section="system" name="Comment" maxlength="128" />
    <//>
  `;
};

const NewPassword = ({ one, close }) => {
  const call = useCall({
    kind: "accounts",
    method: "set-password",
    first: { Password: "", Again: "" },
    check: asked,
    send: async ({ Password }) => {
      await act("accounts", one.Id, "set-password", { Password });
      said(t("system.password-changed", { name: one.Name }));
      close();
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("system.new-password-of", { name: one.Name })} action=${t("system.set-password")} close=${close}>
      <p class="hint">${t(one.Name === session.value.Name ? "system.logs-you-out" : "system.logs-out")}</p>
      <${Passwords} call=${call} />
    <//>
  `;
};

const Edit = ({ one, last, close }) => {
  const form = useSettings("accounts", one.Id);
  const role = form.value("Role");
  const hint = last ? t("system.last-administrator-stays", { name: one.Name }) : t(`system.may-${role}`);
  return html`
    <${Dialog} title=${t("system.edit-account", { name: one.Name })} close=${close}>
      <${Settings} form=${form} section="system">
        <${Setting} form=${form} section="system" name="Role" hint=${hint} disabled=${last} />
        <${Setting} form=${form} section="system" name="Comment" />
      <//>
    <//>
  `;
};
