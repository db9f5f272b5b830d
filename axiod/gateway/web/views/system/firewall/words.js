// Rules in words.
import { t, word } from "../../../i18n.js";

/** What becomes of what a rule matches: "accept", "drop" or "limit". */
export const verdict = ({ Kind, Policy }) => (Kind === "limit" ? "limit" : Policy);

/** What a rule matches, and what its limit is. */
export const matched = (rule) => {
  const { Protocol, Port, PortStart, PortEnd, Family, Address, RangeStart, RangeEnd, Mac, Traffic } = rule;
  const ports = Port !== undefined ? t("firewall.of-port", { port: Port }) : PortStart !== undefined ? t("firewall.of-ports", { first: PortStart, last: PortEnd }) : "";
  const parts = [
    Protocol && [word("firewall", Protocol), ports].filter(Boolean).join(" "),
    Family && word("firewall", Family),
    Address && t("firewall.of-address", { address: Address }),
    RangeStart && t("firewall.of-range", { first: RangeStart, last: RangeEnd }),
    Mac && t("firewall.of-mac", { mac: Mac }),
    Traffic && word("firewall", Traffic),
  ].filter(Boolean);
  const what = parts.join(", ") || t("firewall.everything");
  return rule.Kind === "limit" ? `${what}: ${limitOf(rule)}` : what;
};

const limitOf = ({ Amount, Unit, Period, Burst }) =>
  t("firewall.of-limit", { amount: Amount, unit: t(`firewall.of-${Unit}`), period: t(`firewall.of-${Period}`), burst: Burst ?? 5 });
