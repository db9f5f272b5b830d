// The frame around the views: menu, state of the connection, and the person's menu.
import { html, names, useEffect, useRef, useState } from "./lib.js";
import { LANGUAGES, language, speak, t } from "./i18n.js";
import { keep, kept } from "./kept.js";
import { go, route, to } from "./router.js";
import { SECTIONS } from "./sections.js";
import { KINDS } from "./services.js";
import { logOut, named, session } from "./session.js";
import { ids, link, only, service, services } from "./store.js";
import { now } from "./clock.js";
import { ago } from "./parts/value.js";
import { Icon } from "./parts/icon.js";
import { Button } from "./parts/button.js";
import { Dialog } from "./parts/dialog.js";
import { Later } from "./parts/later.js";
import { Page } from "./parts/page.js";
import { tellsOfLoss, Trial } from "./trial.js";

const there = ({ services: wanted }) => !wanted || services.value.some((one) => wanted.includes(one.Id));

/** `logIn`: what somebody does who only looks, without a name. */
export const Shell = ({ logIn }) => {
  const [id = "status", ...path] = route.value.path;
  const known = SECTIONS.filter(there);
  const section = known.find((one) => one.id === id);
  // Before the first snapshot nobody knows which sections there are.
  const waiting = services.value.length === 0;
  useEffect(() => {
    if (!waiting && !section) go(to("status"), { instead: true });
  }, [waiting, section]);
  return html`
    <a class="skip" href="#content" onClick=${skip}>${t("shell.skip")}</a>
    <${Top} logIn=${logIn} />
    <nav class="menu" aria-label=${t("shell.menu")}>
      ${known.map(
        (one) => html`
          <a key=${one.id} href=${to(one.id)} aria-current=${one.id === id ? "page" : undefined}>
            <${Icon} name=${one.icon} /><span>${t(`shell.${one.id}`)}</span>
          </a>
        `,
      )}
    </nav>
    <main id="content" tabindex="-1">
      <${Lost} />
      <${Trial} />
      ${section ? html`<${Section} key=${section.id} section=${section} path=${path} />` : html`<p class="muted">${t("shell.loading")}</p>`}
    </main>
  `;
};

const knows = (id) => Object.keys(KINDS).some((kind) => KINDS[kind] === id && ids(kind).value.length > 0);

// Of a service that was away when the page was opened nothing is known, not even that there is nothing.
const Section = ({ section, path }) => {
  const away = (section.services ?? []).filter((id) => service(id)?.Available === false);
  const blank = away.length > 0 && away.length === section.services.length && !away.some(knows);
  const notices = away.map(
    (id) => html`<p key=${id} class="notice" role="status"><${Icon} name="warn" />${t(blank ? "shell.section-unknown" : "shell.section-away", { service: `axiod-${id}` })}</p>`,
  );
  if (blank) return html`<${Page} title=${t(`shell.${section.id}`)}>${notices}<//>`;
  return html`
    ${notices}
    <${Later} load=${section.load} texts=${section.id} given=${{ path, query: route.value.query }} />
  `;
};

const skip = (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
};

const Lost = () => {
  const { state, since } = link.value;
  const seen = useRef(false);
  if (state === "live") seen.current = true;
  if (state !== "lost" || !seen.current || tellsOfLoss()) return null;
  return html`
    <div class="link-lost" role="alert">
      <${Icon} name="warn" />
      <p>${t("shell.lost")} <span class="age">${t("shell.lost-age", { age: ago(since * 1000, now.value) })}</span></p>
      <span class="spinner" />
    </div>
  `;
};

const Top = ({ logIn }) => {
  const device = only("device");
  return html`
    <header class="top">
      <a class="brand" href=${to("status")}>
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>${device?.ShortName ?? "axiod"}</span>
      </a>
      <${State} />
      <${UserMenu} logIn=${logIn} />
    </header>
  `;
};

const State = () => html`
  <span class=${names("link-state", link.value.state)} role="status">
    <i aria-hidden="true" /><span>${t(`shell.link-${link.value.state}`)}</span>
  </span>
`;

const THEMES = ["auto", "light", "dark"];

const UserMenu = ({ logIn }) => {
  const [open, setOpen] = useState(false);
  const [about, setAbout] = useState(false);
  const menu = useRef();
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => menu.current?.contains(event.target) || setOpen(false);
    const key = (event) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      menu.current.querySelector("button").focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", key);
    };
  }, [open]);
  const { Name, Role } = session.value;
  const leave = async () => {
    setOpen(false);
    await logOut();
  };
  return html`
    <div class="user-menu" ref=${menu}>
      <button
        type="button"
        class="button quiet"
        aria-label=${Name || t("shell.nobody")}
        aria-expanded=${open}
        aria-controls="user-menu"
        onClick=${() => setOpen(!open)}
      >
        <${Icon} name="user" /><span class="name">${Name || t("shell.nobody")}</span><${Icon} name="down" />
      </button>
      ${open &&
      html`
        <div class="popup" id="user-menu">
          <p class="who"><strong>${Name || t("shell.nobody")}</strong><span>${t(`words.${Role}`)}</span></p>
          <${Theme} />
          <label class="line">
            <span>${t("shell.language")}</span>
            <select onChange=${(event) => speak(event.target.value)}>
              ${Object.entries(LANGUAGES).map(
                ([lang, title]) => html`<option key=${lang} value=${lang} lang=${lang} selected=${lang === language.value}>${title}</option>`,
              )}
            </select>
          </label>
          <a href="/help/" target="_blank" rel="noopener">${t("shell.help")}</a>
          <button type="button" onClick=${() => setAbout(true)}>${t("shell.about")}</button>
          ${named.value
            ? html`
                <button type="button" onClick=${logIn}>${t("shell.change-account")}</button>
                <${Button} act=${leave} kind="plain">${t("shell.log-out")}<//>
              `
            : html`<button type="button" onClick=${logIn}>${t("shell.log-in")}</button>`}
        </div>
      `}
      ${about && html`<${About} close=${() => setAbout(false)} />`}
    </div>
  `;
};

const Theme = () => {
  const [theme, setTheme] = useState(kept("theme") ?? "auto");
  const choose = (wanted) => {
    setTheme(wanted);
    keep("theme", wanted === "auto" ? null : wanted);
    document.dispatchEvent(new CustomEvent("theme", { detail: wanted })); // theme.js shows it
  };
  return html`
    <label class="line">
      <span>${t("shell.theme")}</span>
      <select onChange=${(event) => choose(event.target.value)}>
        ${THEMES.map((one) => html`<option key=${one} value=${one} selected=${one === theme}>${t(`shell.theme-${one}`)}</option>`)}
      </select>
    </label>
  `;
};

const About = ({ close }) => {
  const device = only("device") ?? {};
  return html`
    <${Dialog} title=${t("shell.about")} close=${close}>
      <p>${device.FullName} · axiod ${device.Version}</p>
      <p>${t("shell.serial", { number: device.SerialNumber ?? "–" })}</p>
      <p>${t("shell.licence")}</p>
      <p class="muted">${t("shell.licences-of-others")}</p>
    <//>
  `;
};
