// Who is logged in, and what that person may do.
import { computed, signal } from "./lib.js";
import { ask, useSession } from "./api.js";
import { heard } from "./clock.js";

const ROLES = ["viewer", "operator", "administrator"];

/** {Name, Role, How, NeedsSetup, CsrfToken}; null until the device said it. */
export const session = signal(null);

/** Whether the person has at least this role. A button that would be refused is not offered. */
export const can = (role) => ROLES.indexOf(session.value?.Role) >= ROLES.indexOf(role);

/** Whether somebody is logged in by name. */
export const named = computed(() => Boolean(session.value?.Name));

/** Whether the session ended by itself: after a time without a request, or because the device was started again. */
export const ended = signal(false);

const take = ({ body, response }, { left = false } = {}) => {
  heard(response);
  useSession({ csrf: body.CsrfToken ?? "" });
  ended.value = !body.Name && !left && (ended.value || named.value);
  session.value = body;
  return body;
};

/** Ask the device who we are. */
export const look = async () => take(await ask("GET", "session"));

/** Log in; raises Problem. */
export const logIn = async (name, password) => take(await ask("POST", "session", { Name: name, Password: password }));

/** Log out. */
export const logOut = async () => {
  await ask("DELETE", "session");
  take(await ask("GET", "session"), { left: true });
};

/** Add the first administrator, and log in as that one. */
export const setUp = async (name, password) => {
  await ask("POST", "accounts", { Name: name, Password: password, Role: "administrator", First: true });
  await logIn(name, password);
};

useSession({ loggedOut: () => look().catch(() => {}) });
