// Dynamic DNS: the name that this device registers with the DNS server, what became of it, and the settings.
import { html, useState } from "../../../lib.js";
import { act, change } from "../../../api.js";
import { t, word } from "../../../i18n.js";
import { can } from "../../../session.js";
import { fresh, only } from "../../../store.js";
import { Button } from "../../../parts/button.js";
import { Setting, Settings, useSettings } from "../../../parts/form.js";
import { Icon } from "../../../parts/icon.js";
import { Card, Facts, HelpLink } from "../../../parts/page.js";
import { Age, Badge } from "../../../parts/value.js";
import { Secret } from "./secret.js";

const KIND = "network-dynamic-dns";
const LONGEST_KEY = 512;
const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: false };

export default () => {
  const dns = only(KIND);
  if (!dns) return null;
  return html`
    <${Card}
      title=${t("dynamic-dns.title")}
      icon="search"
      wide
      old=${!fresh(KIND)}
      actions=${html`
        ${dns.Enabled &&
        can("administrator") &&
        html`<${Button} small icon="reload" disabled=${!fresh(KIND)} act=${() => act(KIND, undefined, "register")}>${t("dynamic-dns.again")}<//>`}
        <${State} state=${dns.State} /> <${HelpLink} page="network#dynamic-dns" />
      `}
    >
      ${dns.Problem &&
      html`
        <div class=${dns.State === "failed" ? "problem dot1x-why" : "notice"} role="status">
          <${Icon} name="warn" />
          <p lang="en">${dns.Problem}</p>
        </div>
      `}
      <${Facts}
        items=${[
          [t("dynamic-dns.registered-name"), dns.RegisteredName && html`<code class="live">${dns.RegisteredName}</code>`],
          [t("dynamic-dns.registered-addresses"), dns.RegisteredAddresses.join(", ")],
          [t("dynamic-dns.registered-when"), dns.RegisteredUsec && html`<${Age} usec=${dns.RegisteredUsec} />`],
        ]}
      />
      ${can("administrator") && html`<${Form} />`}
    <//>
  `;
};

const LOOKS = {
  off: {},
  waiting: { kind: "warn", icon: "clock" },
  registering: { kind: "warn", icon: "clock" },
  registered: { kind: "good" },
  failed: { kind: "bad", icon: "warn" },
};

const State = ({ state }) => html`<${Badge} ...${LOOKS[state]}>${word("dynamic-dns", state)}<//>`;

const Form = () => {
  const [secrets, setSecrets] = useState({}); // what was entered; an empty one is to be removed
  const form = useSettings(KIND);
  const set = async (wanted) =>
    secrets.Key !== undefined && (secrets.Key === "") === wanted && act(KIND, undefined, "set-secrets", { Key: secrets.Key });
  // A secret is there before a setting needs it, and goes when none does any more.
  const whole = {
    ...form,
    changed: form.changed || "Key" in secrets,
    save: () =>
      form.save(async (_kind, _id, changes, seen) => {
        await set(false);
        if (Object.keys(changes).length > 0) await change(KIND, undefined, changes, seen);
        await set(true);
        setSecrets({});
      }),
    reset: () => {
      setSecrets({});
      form.reset();
    },
  };
  const own = { form, section: "dynamic-dns" };
  return html`
    <${Settings} form=${whole}>
      <${Setting} ...${own} name="Enabled" />
      <div class="columns">
        ${["Name", "TtlSec", "Server", "Zone", "KeyName"].map((name) => html`<${Setting} key=${name} ...${own} name=${name} ...${plain} />`)}
        ${(form.value("KeyName") || form.now.Secrets?.length > 0) &&
        html`
          <${Setting} ...${own} name="KeyAlgorithm" />
          <${Secret} ...${own} name="Key" most=${LONGEST_KEY} ...${{ secrets, setSecrets }} />
        `}
      </div>
    <//>
  `;
};
