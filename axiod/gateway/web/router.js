// Addresses of views: #/SECTION/more?query. A view is an address, so that it can be linked, opened beside, and gone back to.
import { signal } from "./lib.js";

const read = () => {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return {
    path: path.split("/").filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
};

const decode = (word) => {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
};

/** Where we are: {path: ["io", "ports", "input1"], query: {}}. */
export const route = signal(read());

addEventListener("hashchange", () => {
  route.value = read();
});

/** Return an address: to("io", "ports", id). A last argument that is an object is the query. */
export const to = (...parts) => {
  const query = typeof parts.at(-1) === "object" ? new URLSearchParams(parts.pop()) : "";
  const path = parts.map(encodeURIComponent).join("/");
  return `#/${path}${query.toString() ? `?${query}` : ""}`;
};

/** Go to an address. `instead`: the present one is not gone back to. */
export const go = (address, { instead = false } = {}) => {
  if (instead) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  route.value = read();
};
