// One recipient: the fields of its type, and passwords, which can be set and never be read.
import { html, useEffect, useState } from "../../lib.js";
import { act, place, remove } from "../../api.js";
import { t } from "../../i18n.js";
import { go, to } from "../../router.js";
import { fresh, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { confirm } from "../../parts/dialog.js";
import { CheckField, SelectField } from "../../parts/field.js";
import { Saving, Setting } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { refused, said } from "../../parts/toast.js";
import { useDraft } from "./draft.js";
import { Secret } from "../../parts/secret.js";
import { TestRecipient } from "./trial.js";

const LOGIN = ["Username", "Password"];
const FILE = ["TemporaryName"];
const PROXY = { group: "proxy", of: ["ProxyHost", "ProxyPort", "ProxyUsername", "ProxyPassword"] };
const POP = { group: "pop", of: ["PopHost", "PopPort", "PopUsername", "PopPassword"] };
const SECRETS = ["Password", "ProxyPassword", "PopPassword"];
const PORTS = { ftp: 21, sftp: 22, "network-share": 445, smtp: 587 };

// What a type has, in the order of the form. A group is turned on by its first name, which is empty otherwise.
const TYPES = {
  http: ["Url", ...LOGIN, PROXY],
  https: ["Url", "ValidateCertificate", ...LOGIN, PROXY],
  smtp: ["To", "Sender", "Host", "Port", "Encryption", "ValidateCertificate", ...LOGIN, POP],
  tcp: ["Host", "Port"],
  ftp: ["Host", "Port", "Folder", ...LOGIN, ...FILE, "Passive"],
  sftp: ["Host", "Port", "Folder", ...LOGIN, "HostKeySha256", "HostKeyMd5", ...FILE],
  "network-share": ["Host", "Port", "Share", "Folder", ...LOGIN, ...FILE],
};

const begun = (type, name) => {
  const known = {
    ValidateCertificate: true,
    TemporaryName: true,
    Passive: true,
    Encryption: "tls",
    Port: PORTS[type] ?? "",
    ProxyPort: 3128,
    PopPort: 110,
  };
  const of = TYPES[type].flatMap((one) => one.of ?? one);
  return { Name: name, Type: type, ...Object.fromEntries(Object.entries(known).filter(([one]) => of.includes(one))) };
};

export const Recipient = ({ id }) => {
  const isNew = id === "new";
  const [start, setStart] = useState({ type: "http", name: "" });
  const one = isNew ? undefined : thing("recipients", id).value;
  if (!isNew && !one) return html`<p class="empty">${t("recipients.gone")}</p>`;
  return html`<${Editor} key=${isNew ? start.type : id} ...${{ one, start, setStart }} />`;
};

const Editor = ({ one, start, setStart }) => {
  const draft = useDraft("recipients", one?.Id, one ? {} : begun(start.type, start.name));
  const [secrets, setSecrets] = useState({});
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState(false);
  if (!draft.ready && !draft.error) return html`<p class="muted">${t("shell.loading")}</p>`;
  const type = one?.Type ?? start.type;
  const given = Object.keys(secrets).length > 0;
  const form = {
    ...draft,
    changed: draft.changed || given,
    busy: draft.busy || busy,
    reset: () => {
      setSecrets({});
      draft.reset();
      if (!one) go(to("events", "recipients"));
    },
  };
  const save = async (event) => {
    event.preventDefault();
    const done = draft.changed ? await draft.save() : one;
    if (!done) return;
    setBusy(true);
    try {
      if (given) await act("recipients", done.Id, "set-secrets", secrets);
      setSecrets({});
      said(t("shell.saved"));
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
      if (!one) go(to("events", "recipients", done.Id), { instead: true });
    }
  };
  const live = fresh("recipients");
  const leave = async () => (await drop(one)) && go(to("events", "recipients"));
  return html`
    <form class="settings rule" onSubmit=${save} novalidate>
      <header class="row rule-head">
        <a class="button quiet" href=${to("events", "recipients")}>‹ ${t("recipients.title")}</a>
        <h2>${one?.Name ?? t("recipients.new")}</h2>
        ${one &&
        html`
          <span class="row actions">
            <${Button} small icon="play" disabled=${!live || form.changed} act=${() => setTried(true)}>${t("recipients.test")}<//>
            <${Button} small icon="copy" disabled=${!live} act=${() => again(one)}>${t("shell.copy")}<//>
            <${Button} small icon="remove" disabled=${!live} act=${leave}>${t("shell.remove")}<//>
          </span>
        `}
      </header>
      <${Card} old=${!live}>
        <fieldset disabled=${form.busy}>
          <div class="columns">
            <${Setting} form=${draft} name="Name" section="recipients" label=${t("words.Name")} />
            <${SelectField}
              label=${t("recipients.Type")}
              value=${type}
              set=${(next) => setStart({ type: next, name: draft.value("Name") })}
              options=${Object.keys(TYPES).map((each) => [each, t(`recipients.type-${each}`)])}
              disabled=${Boolean(one)}
              hint=${t(`recipients.type-${type}-hint`)}
            />
          </div>
          <${Fields} ...${{ of: TYPES[type], draft, type, one, secrets, setSecrets }} />
        </fieldset>
      <//>
      <${Saving} form=${form} away=${!live} />
    </form>
    ${tried && html`<${TestRecipient} one=${one} close=${() => setTried(false)} />`}
  `;
};

const Fields = ({ of, ...more }) => html`
  <div class="columns">
    ${of.filter((one) => typeof one === "string" && shown(one, more)).map((name) => html`<${One} key=${name} ...${{ name, ...more }} />`)}
  </div>
  ${of.filter((one) => one.group).map((one) => html`<${Group} key=${one.group} ...${one} more=${more} />`)}
`;

const shown = (name, { draft, type }) =>
  name !== "ValidateCertificate" || type !== "smtp" || draft.value("Encryption") !== "none";

const One = ({ name, draft, type, one, secrets, setSecrets }) => {
  if (SECRETS.includes(name)) {
    return html`<${Secret} words="events" ...${{ name, secrets, setSecrets }} label=${t(`recipients.${name}`)} there=${one?.Secrets.includes(name)} />`;
  }
  const own = name === "Host" && type === "smtp";
  return html`<${Setting} form=${draft} name=${name} section="recipients" label=${own ? t("recipients.mail-server") : undefined} autocapitalize="none" />`;
};

const Group = ({ group, of, more }) => {
  const { draft, setSecrets } = more;
  const [name, ...rest] = of;
  const there = Boolean(draft.value(name));
  const [on, setOn] = useState(there);
  useEffect(() => {
    if (there) setOn(true);
  }, [there]);
  const turn = (next) => {
    setOn(next);
    if (next) return;
    for (const each of of.filter((one) => !SECRETS.includes(one) && !one.endsWith("Port"))) draft.set(each, draft.now[each] === undefined ? undefined : "");
    setSecrets((former) => Object.fromEntries(Object.entries(former).filter(([each]) => !rest.includes(each))));
  };
  return html`
    <${CheckField} label=${t(`recipients.${group}`)} value=${on} set=${turn} hint=${t(`recipients.${group}-hint`)} />
    ${on && html`<div class="columns group">${of.map((each) => html`<${One} key=${each} name=${each} ...${more} />`)}</div>`}
  `;
};

/** Make one like it, and open that. */
export const again = async ({ Id, Name }) => {
  const made = await act("recipients", Id, "copy", { Name: t("recipients.copy-name", { name: Name }).slice(0, 128) });
  said(t("recipients.copied", { name: Name }));
  go(to("events", "recipients", made.Id));
};

/** Remove one, after asking; true when it was done. */
export const drop = async ({ Id, Name, Waiting }) => {
  const text = t(Waiting > 0 ? "recipients.remove-waiting" : "recipients.remove-text", { name: Name, count: Waiting });
  if (!(await confirm({ title: t("recipients.remove-title"), text, action: t("shell.remove") }))) return false;
  await remove(place("recipients", Id));
  said(t("recipients.removed", { name: Name }));
  return true;
};
