// I/O and relays: the board as it is wired or a list, and beside it the details of what is chosen.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { to } from "../../router.js";
import { ids, thing } from "../../store.js";
import { Page, Tabs } from "../../parts/page.js";
import { Icon } from "../../parts/icon.js";
import { Board } from "./board.js";
import { List } from "./list.js";
import { Details } from "./details.js";
import { Wires } from "./wires.js";
import { KINDS } from "./terminals.js";

const VIEWS = { board: Board, list: List, wires: Wires };

export default ({ path }) => {
  const simulated = ids("wires").value.length > 0;
  const [wanted = "board", kind, id] = path;
  const view = wanted in VIEWS && (wanted !== "wires" || simulated) ? wanted : "board";
  const View = VIEWS[view];
  const chosen = KINDS.includes(kind) && thing(kind, id).value ? { kind, id } : undefined;
  const tabs = ["board", "list", ...(simulated ? ["wires"] : [])];
  return html`
    <${Page} title=${t("io.title")} help="page#inputs-outputs-and-relays">
      <${Tabs}
        name=${t("io.title")}
        at=${view}
        tabs=${tabs.map((one) => ({ id: one, title: t(`io.view-${one}`), href: to("io", one) }))}
      />
      <div class=${chosen ? "io-split chosen" : "io-split"}>
        <div class="io-all"><${View} chosen=${chosen} /></div>
        ${chosen &&
        html`
          <aside class="io-one" aria-label=${t("io.details")}>
            <a class="back" href=${to("io", view)}><${Icon} name="close" />${t("io.close-details")}</a>
            <${Details} key="${kind}/${id}" ...${chosen} />
          </aside>
        `}
      </div>
    <//>
  `;
};
