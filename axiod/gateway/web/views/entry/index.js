// The door: the first administrator, and logging in.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { ended, logIn, session, setUp } from "../../session.js";
import { Button } from "../../parts/button.js";
import { PasswordField, TextField } from "../../parts/field.js";
import { Icon } from "../../parts/icon.js";
import { reason } from "../../parts/toast.js";
import { Strength } from "./strength.js";

/** `back`: where somebody goes who wants no other account; nothing where there is nothing to go back to. */
export const Entry = ({ back }) => (session.value.NeedsSetup ? html`<${FirstStart} />` : html`<${Login} back=${back} />`);

const Frame = ({ title, children }) => html`
  <main class="entry">
    <img src="/icon.svg" alt="" width="48" height="48" />
    <h1>${title}</h1>
    ${location.protocol === "http:" && html`<${NotEncrypted} />`} ${children}
  </main>
`;

const NotEncrypted = () => html`
  <p class="notice"><${Icon} name="lock" />${t("entry.not-encrypted")}</p>
`;

const useForm = (send) => {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await send();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return { error, busy, submit };
};

const Login = ({ back }) => {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { error, busy, submit } = useForm(async () => {
    await logIn(name, password);
    back?.();
  });
  return html`
    <${Frame} title=${t("entry.log-in")}>
      ${ended.value && html`<p class="notice" role="status">${t("entry.ended")}</p>`}
      <form onSubmit=${submit}>
        <${TextField}
          label=${t("entry.name")}
          value=${name}
          set=${setName}
          autocomplete="username"
          autocapitalize="none"
          spellcheck=${false}
          required
        />
        <${PasswordField} label=${t("entry.password")} value=${password} set=${setPassword} required />
        ${error && html`<p class="problem" role="alert">${why(error)}</p>`}
        <div class="row end">
          ${back && html`<${Button} act=${back}>${t("shell.cancel")}<//>`}
          <${Button} type="submit" kind="main" disabled=${busy}>${t(busy ? "shell.wait" : "entry.log-in")}<//>
        </div>
      </form>
    <//>
  `;
};

const why = (error) => (error.status === 401 ? t("entry.wrong") : reason(error));

const FirstStart = () => {
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== password;
  const { error, busy, submit } = useForm(() => setUp(name, password));
  const ready = name && password && again === password;
  return html`
    <${Frame} title=${t("entry.welcome")}>
      <p>${t("entry.first")}</p>
      <form onSubmit=${submit}>
        <${TextField}
          label=${t("entry.name")}
          hint=${t("entry.name-hint")}
          value=${name}
          set=${setName}
          autocomplete="username"
          autocapitalize="none"
          spellcheck=${false}
          maxlength="14"
          pattern="[a-zA-Z0-9]+"
          required
        />
        <${PasswordField}
          fresh
          label=${t("entry.new-password")}
          hint=${t("entry.password-hint")}
          value=${password}
          set=${setPassword}
          maxlength="64"
          required
          note=${html`<${Strength} password=${password} />`}
        />
        <${PasswordField}
          fresh
          label=${t("entry.again")}
          value=${again}
          set=${setAgain}
          maxlength="64"
          required
          error=${differs ? t("entry.differs") : undefined}
        />
        <p class="hint">${t("entry.licence")}</p>
        ${error && html`<p class="problem" role="alert">${reason(error)}</p>`}
        <div class="row end">
          <${Button} type="submit" kind="main" disabled=${busy || !ready}>${t(busy ? "shell.wait" : "entry.create")}<//>
        </div>
      </form>
    <//>
  `;
};
