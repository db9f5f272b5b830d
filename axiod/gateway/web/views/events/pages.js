// The pages of the event log. The newest follows what happens; older ones stay as they are while they are read.
import { useEffect, useRef, useState } from "../../lib.js";
import { act } from "../../api.js";
import { heard } from "../../store.js";

/** How many entries a page has. */
export const PAGE = 50;
const MOST = 1000;
const SOON_MS = 400;
const EVERY_MS = 3000;

const ask = async (filters, options) => {
  const times = Object.fromEntries(["FromUsec", "ToUsec"].filter((name) => filters[name]).map((name) => [name, Number(filters[name])]));
  return (await act("event-log", undefined, "query", { ...filters, ...times, ...options })).Entries;
};

/**
 * What was found: {entries (null before the first answer), error, more: there are older ones, back: there are newer
 * pages, older(), newer(), newest(), again()}. `live`: it follows, and can be asked; `anew`: a change of it asks again.
 */
export const usePages = (filters, { live, anew }) => {
  const wanted = JSON.stringify(filters);
  const [place, setPlace] = useState({ wanted, befores: [] });
  const [found, setFound] = useState({ entries: null, more: false, error: null });
  const [asked, setAsked] = useState(0);
  // Other filters begin at the newest.
  const befores = place.wanted === wanted ? place.befores : [];
  const before = befores.at(-1);
  const latest = useRef(0); // counts up with each question, so that late answers are known
  useEffect(() => {
    const mine = (latest.current += 1);
    ask(filters, { Limit: PAGE + 1, ...(before && { BeforeId: before }) }).then(
      (entries) => mine === latest.current && setFound({ entries: entries.slice(0, PAGE), more: entries.length > PAGE, error: null }),
      (error) => mine === latest.current && setFound({ entries: null, more: false, error }),
    );
  }, [wanted, before, anew, asked]);
  const follows = live && before === undefined && !filters.ToUsec && found.entries !== null;
  useTail(follows, found.entries?.[0]?.Id ?? 0, async (after) => {
    const mine = latest.current;
    const entries = await ask(filters, { AfterId: after, Limit: MOST });
    if (mine !== latest.current || !entries.length) return;
    setFound((former) => {
      const known = new Set(former.entries?.map((one) => one.Id));
      const next = [...entries.reverse().filter((one) => !known.has(one.Id)), ...(former.entries ?? [])];
      return { ...former, entries: next.slice(0, PAGE), more: former.more || next.length > PAGE };
    });
  });
  const go = (next) => setPlace({ wanted, befores: next });
  return {
    ...found,
    back: before !== undefined,
    older: () => go([...befores, found.entries.at(-1).Id]),
    newer: () => go(befores.slice(0, -1)),
    newest: () => go([]),
    again: () => {
      go([]);
      setAsked(asked + 1);
    },
  };
};

// What rules do is in the log and no event, so it is asked for now and then as well.
const useTail = (follows, after, tail) => {
  const state = useRef({});
  state.current = { ...state.current, after, tail };
  useEffect(() => {
    if (!follows) return undefined;
    let there = true;
    let timer;
    let busy = false;
    const look = async () => {
      if (busy || document.hidden) return;
      busy = true;
      // What cannot be asked now is asked the next time; that the connection is lost is said elsewhere.
      await state.current.tail(state.current.after).catch(() => {});
      busy = false;
    };
    const soon = (ms) => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        await look();
        if (there) soon(EVERY_MS);
      }, ms);
    };
    soon(EVERY_MS);
    let first = true;
    let due = 0;
    const stop = heard.subscribe(() => {
      const at = performance.now();
      if (first || at < due) return void (first = false);
      due = at + SOON_MS;
      soon(SOON_MS);
    });
    return () => {
      there = false;
      clearTimeout(timer);
      stop();
    };
  }, [follows]);
};
