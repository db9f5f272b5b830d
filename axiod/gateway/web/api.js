// The REST API, in one place: JSON, the session's token against forged requests, problems as errors, and changes that
// overwrite nobody's.
import { same } from "./lib.js";

const API = "/api/v1";
const TIMEOUT_MS = 15_000;
// X-Requested-With: the page asks for the password itself, so the browser shall not (see door.py).
const ASKING = { Accept: "application/json", "X-Requested-With": "axiod" };

/** What the device refused, or could not be asked. `detail` is a sentence for people. */
export class Problem extends Error {
  /** `kind`: the name of axiod's error ("Busy"); "Unreachable" where there was no answer. */
  constructor(kind, detail, status = 0) {
    super(detail);
    this.kind = kind;
    this.detail = detail;
    this.status = status;
  }
}

/** Somebody else changed what was being changed. */
export class Conflict extends Problem {
  /** `names`: the properties; `now`: the resource as it is. */
  constructor(names, now) {
    super("Conflict", names.join(", "), 412);
    this.names = names;
    this.now = now;
  }
}

const hooks = { csrf: "", loggedOut: () => {} };

/** Tell this module of the session: its token, and what to do when there is none any more. */
export const useSession = (changes) => Object.assign(hooks, changes);

/** Ask for something below /api/v1 and return {body, etag, response}; `within`: milliseconds. Raises Problem. */
export const ask = async (method, path, body, headers = {}, within = TIMEOUT_MS) => {
  const request = { method, headers: { ...ASKING, ...headers }, credentials: "same-origin" };
  if (method !== "GET") request.headers["X-CSRF-Token"] = hooks.csrf;
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  request.signal = AbortSignal.timeout(within);
  let response, content;
  try {
    response = await fetch(path.startsWith("/") ? path : `${API}/${path}`, request);
    content = response.status === 204 ? undefined : await read(response);
  } catch (error) {
    throw new Problem("Unreachable", error.name === "TimeoutError" ? "timeout" : "unreachable");
  }
  if (response.ok) return { body: content, etag: response.headers.get("ETag"), response };
  if (response.status === 401 && !path.startsWith("session")) hooks.loggedOut();
  const kind = typeof content?.type === "string" ? content.type.split("/").pop() : "";
  throw new Problem(kind, content?.detail ?? response.statusText, response.status);
};

const read = (response) =>
  /[/+]json/.test(response.headers.get("Content-Type") ?? "") ? response.json() : response.text();

const segment = (id) => encodeURIComponent(id);

/** The path of a resource: place("ports", "input1"); place("device"). */
export const place = (kind, id) => (id === undefined ? kind : `${kind}/${segment(id)}`);

export const get = async (path) => (await ask("GET", path)).body;
export const post = async (path, body) => (await ask("POST", path, body)).body;
export const remove = async (path) => (await ask("DELETE", path)).body;

/** Call a method of the contract: act("relays", "relay1", "pulse", {DurationMs: 500}); `within`: for one that takes long. */
export const act = async (kind, id, method, given = {}, within = undefined) =>
  (await ask("POST", `${place(kind, id)}/${method}`, given, {}, within)).body;

const TRIES = 5;

/**
 * Change settings of a resource, and return it as it is then.
 *
 * `seen`: what the changed properties were when the person who changes them looked. If somebody else has changed one of
 * them since, nothing is done, and Conflict is raised with what is true now.
 */
export const change = async (kind, id, changes, seen = {}) => {
  const path = place(kind, id);
  for (let tries = 0; ; tries += 1) {
    const { body: now, etag } = await ask("GET", path);
    const others = Object.keys(seen).filter(
      (name) => name in changes && !same(now[name], seen[name]) && !same(now[name], changes[name]),
    );
    if (others.length) throw new Conflict(others, now);
    try {
      return (await ask("PATCH", path, changes, { "If-Match": etag })).body;
    } catch (error) {
      // Its state changed between the two requests, or its settings did: look again.
      if (!(error instanceof Problem) || error.status !== 412 || tries === TRIES) throw error;
    }
  }
};

let description;

/** The OpenAPI document, loaded when it is needed first. */
export const openapi = () => {
  description ??= get("openapi.json").catch((error) => {
    description = undefined;
    throw error;
  });
  return description;
};

/** The schemas of what may be configured in a kind of resource: {DebounceMs: {type, minimum, ...}}. */
export const schemas = async (kind) => {
  const { paths } = await openapi();
  const path = paths[`${API}/${kind}/{id}`] ?? paths[`${API}/${kind}`];
  return path?.patch?.requestBody.content["application/json"].schema.properties ?? {};
};

/** Whether there may be several of a kind, each with an id. */
export const several = async (kind) => `${API}/${kind}/{id}` in (await openapi()).paths;

/** The schemas of what a method takes, or POST on a collection: {DurationMs: {...}}. */
export const argumentsOf = async (kind, method) => {
  const { paths } = await openapi();
  const path = method
    ? paths[`${API}/${kind}/{id}/${method}`] ?? paths[`${API}/${kind}/${method}`]
    : paths[`${API}/${kind}`];
  return path?.post?.requestBody?.content["application/json"].schema.properties ?? {};
};
