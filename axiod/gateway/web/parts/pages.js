// The pages of a log. The newest follows what happens; older ones stay as they are while they are read.
import { useEffect, useRef, useState } from "../lib.js";
import { heard } from "../store.js";

/** How many entries a page has. */
export const PAGE = 50;
const MOST = 1000;
const SOON_MS = 400;

/**
 * What was found: {entries (null before the first answer), error, more: there are older ones, back: there are newer
 * pages, older(), newer(), newest(), again()}.
 *
 * `source`: {ask(filters, {before, after, limit}), keyOf(entry), first, everyMs, wakes}: ask returns {entries, more}, the
 * newest first, or with `after` the oldest first; `before` and `after` are keys of entries, `first` stands for what is
 * before all of them; it is asked every so many milliseconds, and when an event was heard if it `wakes`. `live`: it
 * follows, and can be asked; `anew`: a change of it asks again.
 */
export const usePages = (source, filters, { live, anew }) => {
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
    source.ask(filters, { limit: PAGE, before }).then(
      ({ entries, more }) => mine === latest.current && setFound({ entries, more, error: null }),
      (error) => mine === latest.current && setFound({ entries: null, more: false, error }),
    );
  }, [wanted, before, anew, asked]);
  const follows = live && before === undefined && !filters.ToUsec && found.entries !== null;
  const newestKey = found.entries?.length ? source.keyOf(found.entries[0]) : source.first;
  useTail(source, follows, newestKey, async (after) => {
    const mine = latest.current;
    const { entries } = await source.ask(filters, { limit: MOST, after });
    if (mine !== latest.current || !entries.length) return;
    setFound((former) => {
      const known = new Set(former.entries?.map(source.keyOf));
      const next = [...entries.reverse().filter((one) => !known.has(source.keyOf(one))), ...(former.entries ?? [])];
      return { ...former, entries: next.slice(0, PAGE), more: former.more || next.length > PAGE };
    });
  });
  const go = (next) => setPlace({ wanted, befores: next });
  return {
    ...found,
    back: before !== undefined,
    older: () => go([...befores, source.keyOf(found.entries.at(-1))]),
    newer: () => go(befores.slice(0, -1)),
    newest: () => go([]),
    again: () => {
      go([]);
      setAsked(asked + 1);
    },
  };
};

// Not everything in a log is an event, so it is asked for now and then in any case; not while nobody looks.
const useTail = (source, follows, after, tail) => {
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
        if (there) soon(source.everyMs);
      }, ms);
    };
    soon(source.everyMs);
    let first = true;
    let due = 0;
    const stop = heard.subscribe(() => {
      if (!source.wakes) return;
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
