// What moves an output for a time: a pulse, or a sequence of steps.
import { html, useState } from "../../lib.js";
import { t } from "../../i18n.js";
import { act } from "../../api.js";
import { fresh } from "../../store.js";
import { Button } from "../../parts/button.js";
import { Dialog } from "../../parts/dialog.js";
import { CheckField, NumberField } from "../../parts/field.js";
import { reason, said } from "../../parts/toast.js";

const LONGEST_MS = 86_400_000;
const LONGEST_WAIT_MS = 65_535;
const MOST_STEPS = 256;

export const Moves = ({ kind, one }) => {
  const [ms, setMs] = useState(1000);
  const [sequence, setSequence] = useState(false);
  const wrong = !Number.isInteger(ms) || ms < 1 || ms > LONGEST_MS;
  const pulse = async () => {
    await act(kind, one.Id, "pulse", { DurationMs: ms });
    said(t("io.pulsed", { name: one.Name }));
  };
  return html`
    <section class="part" aria-label=${t("io.moves")}>
      <h3>${t("io.moves")}</h3>
      <div class="row moves">
        <${NumberField}
          label=${t("io.pulse-length")}
          hint=""
          value=${ms}
          set=${setMs}
          unit="ms"
          error=${wrong ? t("shell.wrong-range", { low: 1, high: LONGEST_MS }) : undefined}
        />
        <${Button} icon="play" act=${pulse} disabled=${wrong || !fresh(kind)}>${t("io.pulse")}<//>
        <${Button} act=${() => setSequence(true)} disabled=${!fresh(kind)}>${t("io.sequence")}<//>
        ${one.Running !== "idle" &&
        html`<${Button} icon="stop" kind="danger" act=${() => act(kind, one.Id, "cancel")}>${t("io.stop")}<//>`}
      </div>
      ${sequence && html`<${Sequence} ...${{ kind, one }} close=${() => setSequence(false)} />`}
    </section>
  `;
};

const Sequence = ({ kind, one, close }) => {
  const [steps, setSteps] = useState([
    [true, 500],
    [false, 500],
  ]);
  const [error, setError] = useState(null);
  const change = (at, step) => setSteps(steps.map((former, index) => (index === at ? step : former)));
  const wrong = steps.some(([, wait]) => !Number.isInteger(wait) || wait < 0 || wait > LONGEST_WAIT_MS);
  const run = async () => {
    try {
      await act(kind, one.Id, "run-sequence", { Steps: steps });
      said(t("io.sequence-begun", { name: one.Name }));
      close();
    } catch (problem) {
      setError(problem);
    }
  };
  return html`
    <${Dialog}
      title=${t("io.sequence-of", { name: one.Name })}
      close=${close}
      actions=${html`
        <${Button} act=${close}>${t("shell.cancel")}<//>
        <${Button} kind="main" icon="play" act=${run} disabled=${wrong}>${t("io.run")}<//>
      `}
    >
      <p class="hint">${t("io.sequence-hint")}</p>
      <ol class="steps">
        ${steps.map(
          ([active, wait], at) => html`
            <li key=${at}>
              <${CheckField} label=${t("io.step-active")} value=${active} set=${(on) => change(at, [on, wait])} />
              <${NumberField} label=${t("io.step-wait")} hint="" unit="ms" value=${wait} set=${(ms) => change(at, [active, ms])} />
              <${Button}
                kind="quiet"
                icon="remove"
                label=${t("io.step-remove", { number: at + 1 })}
                disabled=${steps.length === 1}
                act=${() => setSteps(steps.filter((_, index) => index !== at))}
              />
            </li>
          `,
        )}
      </ol>
      <${Button}
        icon="add"
        disabled=${steps.length >= MOST_STEPS}
        act=${() => setSteps([...steps, [!steps.at(-1)[0], steps.at(-1)[1]]])}
      >
        ${t("io.step-add")}
      <//>
      ${wrong && html`<p class="problem">${t("shell.wrong-range", { low: 0, high: LONGEST_WAIT_MS })}</p>`}
      ${error && html`<p class="problem" role="alert">${reason(error)}</p>`}
    <//>
  `;
};
