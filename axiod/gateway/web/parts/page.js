// The frame of a view: its heading, its help, its tabs, and cards.
import { html, names, useEffect, useRef } from "../lib.js";
import { t } from "../i18n.js";
import { only } from "../store.js";
import { Icon } from "./icon.js";

/** A view. `help`: the page of the manual ("events#rules"). `actions`: buttons beside the heading. */
export const Page = ({ title, help, actions, children }) => {
  const heading = useRef();
  const device = only("device")?.ShortName;
  useEffect(() => {
    document.title = [title, device].filter(Boolean).join(" · ");
  }, [title, device]);
  // Who comes here by a link hears where; at the first load the focus stays where it is.
  useEffect(() => {
    if (document.activeElement?.closest("nav, .tabs")) heading.current.focus();
  }, [title]);
  return html`
    <header class="page-head">
      <h1 ref=${heading} tabindex="-1">${title}</h1>
      ${help && html`<${HelpLink} page=${help} />`}
      <div class="actions">${actions}</div>
    </header>
    ${children}
  `;
};

/** A link to a page of the manual, which the device has. */
export const HelpLink = ({ page, text }) => html`
  <a class=${names("help-link", !text && "bare")} href="/help/${page}" target="_blank" rel="noopener" aria-label=${text ? undefined : t("shell.help-for-this")}>
    <${Icon} name="help" />${text}
  </a>
`;

/** Views beside each other: `tabs` are [{id, title, href}], `at` is the id of the one that is shown. */
export const Tabs = ({ tabs, at, name }) => {
  const place = useRef();
  // On a phone they scroll; the one that is open is always seen. (scrollIntoView would also move where Tab goes on.)
  useEffect(() => {
    const open = place.current.querySelector("[aria-current]")?.getBoundingClientRect();
    if (!open) return;
    const frame = place.current.getBoundingClientRect();
    place.current.scrollLeft += Math.max(0, open.right - frame.right) - Math.max(0, frame.left - open.left);
  }, [at]);
  return html`
    <nav class="tabs" aria-label=${name} ref=${place}>
      ${tabs.map(({ id, title, href }) => html`<a key=${id} href=${href} aria-current=${id === at ? "page" : undefined}>${title}</a>`)}
    </nav>
  `;
};

/** A part of a view. `old`: what it shows may not be true any more. */
export const Card = ({ title, icon, actions, old, wide, children }) => html`
  <section class=${names("card", old && "old", wide && "wide")} aria-label=${title}>
    ${title &&
    html`
      <header>
        ${icon && html`<${Icon} name=${icon} />`}
        <h2>${title}</h2>
        <div class="actions">${actions}</div>
      </header>
    `}
    ${children}
  </section>
`;

/** Names and values: `items` are [name, value] pairs; one without a value is left out. */
export const Facts = ({ items }) => html`
  <dl class="facts">
    ${items
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>
`;
