// The global proxies: by which recipients of HTTP and HTTPS are reached that have no proxy of their own.
import { html } from "../../../lib.js";
import { t } from "../../../i18n.js";
import { fresh, only } from "../../../store.js";
import { Setting, Settings, useSettings } from "../../../parts/form.js";
import { Card, HelpLink } from "../../../parts/page.js";
import { ListField } from "./list-field.js";

const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: false };

export default () => {
  const form = useSettings("network-proxy");
  if (!only("network-proxy")) return null;
  const own = { form, section: "network" };
  return html`
    <${Card} title=${t("network.proxies")} icon="wire" wide old=${!fresh("network-proxy")} actions=${html`<${HelpLink} page="network#global-proxies" />`}>
      <${Settings} form=${form}>
        <div class="columns">
          ${["HttpProxy", "HttpsProxy"].map((name) => html`<${Setting} key=${name} ...${own} name=${name} ...${plain} />`)}
          <${ListField}
            label=${t("network.NoProxy")}
            hint=${t("network.NoProxy-hint")}
            value=${form.value("NoProxy") ?? []}
            set=${(list) => form.set("NoProxy", list)}
            error=${form.wrong.NoProxy}
          />
        </div>
      <//>
    <//>
  `;
};
