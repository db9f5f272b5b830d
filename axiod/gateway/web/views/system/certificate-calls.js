// What is done with certificates: making, uploading, and having one signed.
import { html, useState } from "../../lib.js";
import { act, post } from "../../api.js";
import { t } from "../../i18n.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { Field, PasswordField, SelectField, TextArea, TextField } from "../../parts/field.js";
import { download } from "../../parts/files.js";
import { Setting } from "../../parts/form.js";
import { said } from "../../parts/toast.js";
import { CallDialog, useCall } from "../../parts/call.js";

const KEYS = ["ec-p256", "ec-p384", "rsa-2048", "rsa-4096"];
const MOST_BYTES = 100_000;

const given = (values) =>
  Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, name === "AlternativeNames" ? value.split(/[\s,;]+/).filter(Boolean) : value])
      .filter(([, value]) => value !== "" && value.length !== 0),
  );

const Names = ({ call }) => html`
  <${TextField}
    label=${t("system.AlternativeNames")}
    hint=${t("system.AlternativeNames-hint")}
    value=${call.value("AlternativeNames")}
    set=${(text) => call.set("AlternativeNames", text)}
    error=${call.wrong.AlternativeNames}
  />
`;

const Name = ({ call }) => html`<${Setting} form=${call} section="system" name="Id" label=${t("words.Id")} hint=${t("system.certificate-id-hint")} autocomplete="off" />`;

export const SelfSigned = ({ close }) => {
  const call = useCall({
    kind: "certificates",
    first: { Id: "", CommonName: location.hostname, AlternativeNames: "", Days: 3650, KeyType: "ec-p256" },
    taken: "Id",
    send: async (values) => {
      await post("certificates", given(values));
      said(t("system.certificate-made", { name: values.Id }));
      close();
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("system.make-self-signed")} action=${t("system.make")} close=${close}>
      <${Name} call=${call} />
      <${Setting} form=${call} section="system" name="CommonName" />
      <${Names} call=${call} />
      <${Setting} form=${call} section="system" name="Days" hint=${t("shell.range", { low: 1, high: 7300 })} />
      <${SelectField}
        label=${t("system.KeyType")}
        value=${call.value("KeyType")}
        set=${(key) => call.set("KeyType", key)}
        options=${KEYS.map((key) => [key, key])}
      />
    <//>
  `;
};

// A file as base64, which is how the API takes bytes.
const read = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

const FileField = ({ call, accept, hint }) => html`
  <${Field}
    label=${t("system.file")}
    hint=${hint}
    error=${call.wrong.Data}
    draw=${(tied) => html`<input type="file" accept=${accept} onChange=${(event) => call.set("Data", event.target.files[0] ?? "")} ...${tied} />`}
  />
`;

const wrongFile = ({ Data: file }) => ({
  Data: !file ? t("system.choose-file") : file.size > MOST_BYTES ? t("system.file-too-large") : "",
});

export const Install = ({ close }) => {
  const call = useCall({
    kind: "certificate-store",
    method: "install",
    first: { Id: "", Data: "", Password: "" },
    taken: "Id",
    check: wrongFile,
    send: async ({ Id, Data, Password }) => {
      await act("certificate-store", undefined, "install", { Id, Data: await read(Data), Password });
      said(t("system.certificate-installed", { name: Id }));
      close();
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("system.install")} action=${t("system.upload")} close=${close}>
      <${Name} call=${call} />
      <${FileField} call=${call} accept=".pem,.crt,.cer,.key,.pfx,.p12" hint=${t("system.install-hint")} />
      <${PasswordField}
        label=${t("system.file-password")}
        hint=${t("system.file-password-hint")}
        autocomplete="off"
        value=${call.value("Password")}
        set=${(text) => call.set("Password", text)}
        error=${call.wrong.Password}
      />
    <//>
  `;
};

export const InstallSigned = ({ one, close }) => {
  const call = useCall({
    kind: "certificates",
    method: "install-signed",
    first: { Data: "" },
    check: wrongFile,
    send: async ({ Data }) => {
      await act("certificates", one.Id, "install-signed", { Data: await read(Data) });
      said(t("system.certificate-installed", { name: one.Id }));
      close();
    },
  });
  return html`
    <${CallDialog} call=${call} title=${t("system.install-signed-for", { name: one.Id })} action=${t("system.upload")} close=${close}>
      <${FileField} call=${call} accept=".pem,.crt,.cer,.der" hint=${t("system.install-signed-hint")} />
    <//>
  `;
};

const PARTS = ["Organization", "OrganizationalUnit", "Locality", "State", "Country"];

export const Request = ({ one, close }) => {
  const [made, setMade] = useState("");
  const call = useCall({
    kind: "certificates",
    method: "create-request",
    first: {
      CommonName: /(?:^|,)CN=([^,]+)/.exec(one.Subject)?.[1] ?? location.hostname,
      AlternativeNames: one.AlternativeNames.join(", "),
      ...Object.fromEntries(PARTS.map((part) => [part, ""])),
    },
    send: async (values) => setMade((await act("certificates", one.Id, "create-request", given(values))).Request),
  });
  const title = t("system.request-for", { name: one.Id });
  if (!made) {
    return html`
      <${CallDialog} call=${call} title=${title} action=${t("system.make")} close=${close}>
        <p class="hint">${t("system.request-hint")}</p>
        <${Setting} form=${call} section="system" name="CommonName" />
        <${Names} call=${call} />
        <div class="columns">
          ${PARTS.map((part) => html`<${Setting} key=${part} form=${call} section="system" name=${part} />`)}
        </div>
      <//>
    `;
  }
  return html`
    <${Dialog}
      title=${title}
      close=${close}
      actions=${html`
        <${Button} act=${close}>${t("shell.close")}<//>
        <${Button} kind="main" icon="download" act=${() => download(`${one.Id}.csr`, made, "application/pkcs10")}>${t("system.download")}<//>
      `}
    >
      <p class="hint">${t("system.request-made")}</p>
      <${TextArea} label=${t("system.request")} value=${made} set=${() => {}} readonly rows="10" />
    <//>
  `;
};
