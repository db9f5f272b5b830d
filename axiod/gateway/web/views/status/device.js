// Device info.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { fresh, only } from "../../store.js";
import { Card, Facts } from "../../parts/page.js";

export const Device = () => {
  const device = only("device") ?? {};
  return html`
    <${Card} title=${t("status.device")} icon="device" old=${!fresh("device")}>
      <${Facts}
        items=${[
          [t("status.product"), device.FullName],
          [t("status.variant"), device.Variant],
          [t("status.serial"), device.SerialNumber],
          [t("status.version"), device.Version],
          [t("status.built"), device.BuildDate],
          [t("status.board"), device.HardwareId || t("status.no-board")],
          [t("status.architecture"), device.Architecture],
          [t("status.soc"), device.Soc],
        ]}
      />
    <//>
  `;
};
