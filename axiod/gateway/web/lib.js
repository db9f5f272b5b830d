// What every part and view is made of, in one import: htm bound to Preact, its hooks, and signals.
import { h, render, Fragment } from "preact";
import htm from "htm";

export { h, render, Fragment };
export { createContext } from "preact";
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "@preact/signals";

/** Markup: html`<p>${text}</p>`. Whatever stands in ${} is text or an element, never markup. */
// htm keeps what never changes and hands it out again; Preact would chain the copies it makes of that to each other.
export const html = htm.bind(function create(...given) {
  this[0] = 3;
  return h(...given);
});

/** Class names from what is true: names("a", on && "b"). */
export const names = (...words) => words.filter(Boolean).join(" ");

/** Whether two values of the contract are the same. */
export const same = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);
