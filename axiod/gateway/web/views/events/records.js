// A list of records in their order: add, remove, move up and down.
import { html } from "../../lib.js";
import { t } from "../../i18n.js";
import { Button } from "../../parts/button.js";

/**
 * `draw(record, set, at)`: one of them. `name(number)`: what a screen reader calls it. `joint`: the word between two.
 * `added()`: a new one. `least` and `most`: how many
 * there may be.
 */
export const List = ({ records, set, draw, name, joint, add, added, least = 1, most }) => {
  const at = (place, record) => set(records.map((former, index) => (index === place ? record : former)));
  const swap = (one, other) => {
    const next = [...records];
    [next[one], next[other]] = [next[other], next[one]];
    set(next);
  };
  return html`
    <ol class="records">
      ${records.map(
        (record, place) => html`
          <li key=${place} aria-label=${name(place + 1)}>
            ${place > 0 && joint && html`<span class="joint">${joint}</span>`}
            <div class="record">
              <div class="record-fields">${draw(record, (next) => at(place, next), place)}</div>
              <div class="record-tools">
                ${records.length > 1 &&
                html`
                  <${Button}
                    kind="quiet"
                    small
                    label=${t("events.up", { name: name(place + 1) })}
                    disabled=${place === 0}
                    act=${() => swap(place, place - 1)}
                    icon="down"
                    data-up
                  />
                  <${Button}
                    kind="quiet"
                    small
                    label=${t("events.down", { name: name(place + 1) })}
                    disabled=${place === records.length - 1}
                    act=${() => swap(place, place + 1)}
                    icon="down"
                  />
                `}
                <${Button}
                  kind="quiet"
                  small
                  icon="remove"
                  label=${t("events.take-out", { name: name(place + 1) })}
                  disabled=${records.length <= least}
                  act=${() => set(records.filter((_, index) => index !== place))}
                />
              </div>
            </div>
          </li>
        `,
      )}
    </ol>
    <${Button} icon="add" disabled=${records.length >= most} act=${() => set([...records, added()])}>${add}<//>
  `;
};
