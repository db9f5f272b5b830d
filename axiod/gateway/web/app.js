// The page: first the door (setting up, logging in), then the frame with the menu and the view of the address.
import { html, render, useEffect, useState } from "./lib.js";
import { language, need, t } from "./i18n.js";
import { route } from "./router.js";
import { SECTIONS } from "./sections.js";
import { look, session } from "./session.js";
import { follow, forget, link } from "./store.js";
import { Entry } from "./views/entry/index.js";
import { Shell } from "./shell.js";
import { Questions } from "./parts/dialog.js";
import { Toasts } from "./parts/toast.js";
import { Button } from "./parts/button.js";

const looking = look();
looking.catch(() => {});

const App = () => {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState(null);
  const begin = (asked = look()) => {
    setError(null);
    return asked.catch(setError);
  };
  useEffect(() => void begin(looking), []);
  const role = session.value?.Role;
  const who = session.value && `${session.value.Name} ${role}`;
  useEffect(() => {
    if (!role) return undefined;
    setAsking(false);
    follow();
    return forget;
  }, [who]);
  if (error && !session.value) {
    return html`
      <main class="entry">
        <p class="problem" role="alert">${t("problems.unreachable")}</p>
        <${Button} kind="main" act=${() => begin()}>${t("shell.again")}<//>
      </main>
    `;
  }
  if (!session.value) return null;
  if (!role || asking) return html`<${Entry} back=${role && (() => setAsking(false))} />`;
  return html`<${Shell} key=${language.value} logIn=${() => setAsking(true)} />`;
};

// What the address asks for is loaded beside what every view needs.
const wanted = SECTIONS.find((one) => one.id === (route.value.path[0] ?? "status"));
wanted?.load().catch(() => {});
await need("shell", "words", "topics", "problems", "entry", ...(wanted ? [wanted.id] : []));
document.documentElement.dataset.link = link.value.state;
render(
  html`<${App} />
    <${Questions} />
    <${Toasts} />`,
  document.getElementById("app"),
);
