// What sensors measure, with how far it can be trusted.
import { html } from "../../lib.js";
import { has, number, t } from "../../i18n.js";
import { fresh } from "../../store.js";
import { Age, Badge, Reading } from "../../parts/value.js";

const TONES = { online: "good", offline: "bad", mismatch: "bad", unusable: "bad" };

/** What a channel is called: as its template says; in the language of the page where that is a common word, or only the quantity. */
export const titleOf = ({ Title, Quantity }) => {
  if (has(`sensors.channel-${Title}`)) return t(`sensors.channel-${Title}`);
  const key = `sensors.quantity-${Quantity}`;
  return has(key) && Title.toLowerCase() === Quantity.replaceAll("_", " ") ? t(key) : Title;
};

/** Whether a sensor answers. */
export const State = ({ one }) => html`
  <${Badge} kind=${TONES[one.State]}><span data-state=${one.State} title=${one.Reason}>${t(`sensors.state-${one.State}`)}</span><//>
`;

/** The last value of a channel, with its age. `whole`: and why it is not good. */
export const Last = ({ reading, whole }) => {
  const { Value, Unit, Quality, Reason, ReadUsec, Level } = reading;
  const old = !fresh("sensors");
  return html`
    <span class="reading">
      <${Reading} value=${Value === undefined ? undefined : number(Value)} unit=${Unit} quality=${Quality} usec=${ReadUsec} old=${old} problem=${Reason} />
      ${Quality === "good" && !old && html`<${Age} usec=${ReadUsec} />`}
      ${(Level === "above" || Level === "below") && html`<${Badge} kind="warn" icon="warn">${t(`sensors.level-${Level}`)}<//>`}
      ${whole && Reason && html`<span class="muted small-text" lang="en">${Reason}</span>`}
    </span>
  `;
};

/** All channels, each with its last value. */
export const Readings = ({ channels, readings, whole }) => html`
  <dl class="readings">
    ${channels.map((channel) => {
      const reading = readings.find(({ Channel }) => Channel === channel.Channel);
      return (
        reading &&
        html`
          <div key=${channel.Channel} data-channel=${channel.Channel}>
            <dt>${titleOf(channel)}</dt>
            <dd><${Last} reading=${reading} whole=${whole} /></dd>
          </div>
        `
      );
    })}
  </dl>
`;
