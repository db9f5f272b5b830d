// Protection against guessing passwords, and who is shut out now.
import { html } from "../../lib.js";
import { act } from "../../api.js";
import { t } from "../../i18n.js";
import { fresh, only } from "../../store.js";
import { Button } from "../../parts/button.js";
import { Setting, Settings, useSettings } from "../../parts/form.js";
import { Card } from "../../parts/page.js";
import { Table } from "../../parts/table.js";
import { said } from "../../parts/toast.js";
import { Age, moment } from "../../parts/value.js";

export const Blocking = () => {
  const form = useSettings("blocking");
  return html`
    <${Card} title=${t("system.blocking")} icon="shield" old=${!fresh("blocking")}>
      <${Settings} form=${form} section="system">
        <${Setting} form=${form} section="system" name="Enabled" label=${t("system.block")} />
        ${form.value("Enabled") &&
        html`
          <div class="columns">
            ${["PeriodSec", "PageFailures", "PageIntervalSec", "DeviceFailures", "DeviceIntervalSec"].map(
              (name) => html`<${Setting} key=${name} form=${form} section="system" name=${name} />`,
            )}
          </div>
        `}
      <//>
    <//>
    <${Blocked} />
  `;
};

const Blocked = () => {
  const rows = only("blocking")?.Blocked ?? [];
  const columns = [
    { id: "address", title: t("system.address"), by: ([address]) => address, draw: ([address]) => html`<code>${address}</code>` },
    { id: "since", title: t("system.blocked-since"), by: ([, since]) => since, draw: ([, since]) => html`<${Age} usec=${since} />` },
    { id: "until", title: t("system.blocked-until"), by: ([, , until]) => until, draw: ([, , until]) => moment(until) },
    {
      id: "actions",
      title: "",
      end: true,
      draw: ([address]) => html`<${Button} small label=${t("system.unblock-address", { address })} act=${() => unblock(address)}>${t("system.unblock")}<//>`,
    },
  ];
  return html`
    <${Card} title=${t("system.blocked")} icon="stop" old=${!fresh("blocking")}>
      <${Table} name=${t("system.blocked")} rows=${rows} columns=${columns} keyOf=${([address]) => address} empty=${t("system.nobody-blocked")} />
    <//>
  `;
};

const unblock = async (address) => {
  await act("blocking", undefined, "unblock", { Address: address });
  said(t("system.unblocked", { address }));
};
