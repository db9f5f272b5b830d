// The serial buses: how busy each is.
import { html } from "../../lib.js";
import { t, number } from "../../i18n.js";
import { all, fresh } from "../../store.js";
import { Card } from "../../parts/page.js";
import { Badge } from "../../parts/value.js";

export const Buses = () => html`
  <${Card} title=${t("status.buses")} icon="wire" old=${!fresh("fieldbus-ports")}>
    <ul class="services">
      ${all("fieldbus-ports").map(
        (one) => html`
          <li key=${one.Id}>
            <span>
              <strong>${one.Name}</strong>
              <meter min="0" max="100" high="80" value=${one.LoadPercent ?? 0} aria-label=${t("status.load-of", { name: one.Name })} />
            </span>
            <span class="end">
              <span class="live">${one.LoadPercent === undefined ? "–" : `${number(one.LoadPercent, 1)} %`}</span>
              <${Badge} kind=${one.State === "online" ? "good" : "warn"}>${one.State}<//>
            </span>
          </li>
        `,
      )}
    </ul>
  <//>
`;
