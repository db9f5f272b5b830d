// Status: what this device is, whether all is well, and what happens now.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { can } from "../../session.js";
import { all } from "../../store.js";
import { Page } from "../../parts/page.js";
import { Buses } from "./buses.js";
import { Clients } from "./clients.js";
import { Device } from "./device.js";
import { Feed } from "./feed.js";
import { Security } from "./security.js";
import { Services } from "./services.js";
import { Time } from "./time.js";

export default () => html`
  <${Page} title=${t("status.title")} help="page#status">
    <div class="cards">
      <${Device} />
      <${Services} />
      <${Security} />
      <${Time} />
      ${all("fieldbus-ports").length > 0 && html`<${Buses} />`} ${can("administrator") && html`<${Clients} />`}
      <${Feed} />
    </div>
  <//>
`;
