// The texts: i18n/LANGUAGE/SECTION.js, one file for each section of the page, loaded when the section is opened.
import { batch, computed, signal } from "./lib.js";
import { keep } from "./kept.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

/** The language that is shown. */
export const language = signal(document.documentElement.lang in LANGUAGES ? document.documentElement.lang : "en");

/** How numbers and times are written: as the browser's own region does it, where it has that language. */
export const locale = computed(
  () => navigator.languages.find((one) => one.split("-")[0] === language.value) ?? language.value,
);

const texts = signal({});
const sections = new Set();

const load = async (section, lang) => {
  const { default: found } = await import(`./i18n/${lang}/${section}.js`);
  return Object.fromEntries(Object.entries(found).map(([name, text]) => [`${section}.${name}`, text]));
};

/** Load the texts of sections; views have theirs before they are drawn. */
export const need = async (...wanted) => {
  const missing = wanted.filter((section) => !sections.has(section));
  const found = await Promise.all(missing.map((section) => load(section, language.value)));
  for (const section of missing) sections.add(section);
  if (found.length) texts.value = Object.assign({}, texts.value, ...found);
};

/** Show the page in another language. */
export const speak = async (lang) => {
  const found = await Promise.all([...sections].map((section) => load(section, lang)));
  keep("language", lang);
  document.documentElement.lang = lang;
  document.documentElement.dir = RIGHT_TO_LEFT.has(lang) ? "rtl" : "ltr";
  batch(() => {
    texts.value = Object.assign({}, ...found);
    language.value = lang;
  });
};

/** Whether there is a text. */
export const has = (key) => key in texts.value;

/**
 * Return the text of SECTION.NAME. {name} in it is replaced by given.name. A text may be an object of plural forms
 * ({one, other}), chosen by given.count. A text that is missing shows its own name, so that it is noticed.
 */
export const t = (key, given = {}) => {
  let text = texts.value[key] ?? spelled(key);
  if (typeof text === "object") {
    text = text[new Intl.PluralRules(language.value).select(given.count ?? 0)] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in given ? String(given[name]) : whole));
};

/** Return a word of the contract for people: the text SECTION.WORD, or the word itself, "LastChange" as "Last change". */
export const word = (section, name) => {
  for (const key of [`${section}.${name}`, `words.${name}`]) if (has(key)) return t(key);
  return spelled(name);
};

const spelled = (key) => {
  const words = key.slice(key.lastIndexOf(".") + 1).replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
};

const formats = new Map();

/** Return a format of Intl ("NumberFormat") for the language. Making one takes long, so each is made once. */
export const format = (kind, options) => {
  const key = `${kind} ${locale.value} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl[kind](locale.value, options));
  return formats.get(key);
};

/** Return a number as the language writes it; `digits` behind the point at most. */
export const number = (value, digits = 2) => format("NumberFormat", { maximumFractionDigits: digits }).format(value);
