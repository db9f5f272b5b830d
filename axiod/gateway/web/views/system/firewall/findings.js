// What the device says of rules before they count: whether they are right, and what they do to the one who asks.
import { useEffect, useState } from "../../../lib.js";
import { act } from "../../../api.js";

const WAIT_MS = 300;

/** Ask what these settings would do: [{Kind, Rule, Text}]. Raises Problem where they are wrong. */
export const check = async (settings) => (await act("firewall", undefined, "check", settings)).Findings;

/** The same for what is in a form, again whenever that changes: {findings, error}. `able`: it can be asked. */
export const useFindings = (settings, able) => {
  const [told, setTold] = useState({ findings: [] });
  const asked = JSON.stringify(settings);
  useEffect(() => {
    if (!able) {
      setTold({ findings: [] });
      return undefined;
    }
    let there = true;
    const ask = () =>
      check(JSON.parse(asked)).then(
        (findings) => there && setTold({ findings }),
        (error) => there && setTold({ findings: [], error }),
      );
    const timer = setTimeout(ask, WAIT_MS);
    return () => {
      there = false;
      clearTimeout(timer);
    };
  }, [asked, able]);
  return told;
};

/** To which rule a refusal belongs, and to which of its fields: {place (from 0), field, text}; undefined for another. */
export const ofRule = (refusal) => {
  const [, number, text] = /^Rules (\d+): (.*)$/s.exec(refusal ?? "") ?? [];
  return number && { place: Number(number) - 1, field: /^\w+/.exec(text)?.[0], text };
};
