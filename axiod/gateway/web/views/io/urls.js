// The URLs with which other systems switch an output (VAPIX).
import { html, useRef } from "../../lib.js";
import { t } from "../../i18n.js";
import { Button } from "../../parts/button.js";
import { copy } from "../../parts/files.js";
import { said } from "../../parts/toast.js";

export const Urls = ({ urls }) => html`
  <section class="part" aria-label=${t("io.urls")}>
    <h3>${t("io.urls")}</h3>
    <p class="hint">${t("io.urls-hint")}</p>
    ${Object.entries(urls).map(([name, path]) => html`<${Url} key=${name} name=${t(`io.url-${name}`)} url=${location.origin + path} />`)}
  </section>
`;

const Url = ({ name, url }) => {
  const field = useRef();
  const take = async () => {
    if (await copy(url)) said(t("shell.copied"));
    else field.current.select();
  };
  return html`
    <label class="url">
      <span>${name}</span>
      <input ref=${field} class="mono" readonly value=${url} onFocus=${(event) => event.target.select()} />
      <${Button} icon="copy" label="${t("shell.copy")}: ${name}" act=${take} />
    </label>
  `;
};
