// The device's clock, as far as a browser sees it.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { now } from "../../clock.js";
import { fresh, only, services } from "../../store.js";
import { Card, Facts } from "../../parts/page.js";
import { Age, duration, moment } from "../../parts/value.js";

export const Time = () => {
  const zone = only("schedule-list")?.TimeZone;
  const started = Math.min(...services.value.map((one) => one.StartedUsec ?? Infinity));
  const off = Math.round(now.value - Date.now());
  return html`
    <${Card} title=${t("status.time")} icon="clock" old=${!fresh("device")}>
      <${Facts}
        items=${[
          [t("status.device-time"), html`<span class="live" data-clock>${moment(now.value * 1000, { zone })}</span>`],
          [t("status.zone"), zone],
          [t("status.here"), zone && moment(Date.now() * 1000)],
          [
            t("status.difference"),
            Math.abs(off) < 2000 ? t("status.no-difference") : t(off > 0 ? "status.ahead" : "status.behind", { time: duration(Math.abs(off)) }),
          ],
          [t("status.running"), Number.isFinite(started) && html`<${Age} usec=${started} />`],
        ]}
      />
    <//>
  `;
};
