// What this device is.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { fresh, only } from "../../store.js";
import { Card, Facts } from "../../parts/page.js";

const CARDS = {
  product: ["FullName", "ShortName", "Brand", "Model", "ProductType", "Variant"],
  identity: ["SerialNumber", "HardwareId", "Soc", "SocSerialNumber", "Architecture"],
  software: ["Version", "BuildDate", "BootId"],
};

export const Device = () => {
  const device = only("device") ?? {};
  return html`
    <div class="cards">
      ${Object.entries(CARDS).map(
        ([card, facts]) => html`
          <${Card} key=${card} title=${t(`system.${card}`)} icon="device" old=${!fresh("device")}>
            <${Facts} items=${facts.map((name) => [t(`system.${name}`), device[name] && html`<span class="text">${device[name]}</span>`])} />
            ${card === "product" && device.WebUrl && html`<p class="text"><a href=${safe(device.WebUrl)} rel="noopener noreferrer">${device.WebUrl}</a></p>`}
          <//>
        `,
      )}
    </div>
  `;
};

// It comes from the profile of a board, which somebody wrote: no scheme but these becomes a link.
const safe = (url) => (/^https?:\/\//.test(url) ? url : undefined);
