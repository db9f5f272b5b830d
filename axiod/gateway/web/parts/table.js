// Tables, which become cards on a phone.
import { html, names, useMemo, useState } from "../lib.js";
import { t } from "../i18n.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

/**
 * `columns`: {id, title, draw(row), by(row), end}: `by` makes it sortable, `end` aligns numbers. `name`: what the table
 * is, for screen readers. `rows` have `keyOf(row)`. `empty`: said when there is none. `search(row)`: the text that a search
 * field looks in; without it there is none. `open(row)`: what a click on a row does, besides its buttons. `most`: how many
 * are drawn before somebody asks for more.
 */
export const Table = ({ columns, rows, name, keyOf = (row) => row.Id, empty, search, open, sortBy, most = Infinity }) => {
  const [sort, setSort] = useState(sortBy ? { id: sortBy, down: false } : null);
  const [wanted, setWanted] = useState("");
  const [limit, setLimit] = useState(most);
  const shown = useMemo(() => {
    const needle = wanted.trim().toLocaleLowerCase();
    const found = needle && search ? rows.filter((row) => search(row).toLocaleLowerCase().includes(needle)) : [...rows];
    const by = sort && columns.find((column) => column.id === sort.id)?.by;
    if (by) found.sort((one, other) => order(by(one), by(other)) * (sort.down ? -1 : 1));
    return found;
  }, [rows, wanted, sort]);
  const press = (id) => setSort((former) => ({ id, down: former?.id === id && !former.down }));
  return html`
    ${search &&
    html`
      <label class="search">
        <${Icon} name="search" />
        <input
          type="search"
          value=${wanted}
          placeholder=${t("shell.search")}
          aria-label=${t("shell.search-in", { name })}
          onInput=${(event) => setWanted(event.target.value)}
        />
      </label>
    `}
    ${shown.length === 0
      ? html`<p class="empty">${wanted ? t("shell.nothing-found") : empty}</p>`
      : html`
          <div class="table-frame">
            <table class="table" aria-label=${name}>
              <thead>
                <tr>
                  ${columns.map((column) => html`<${Head} key=${column.id} ...${{ column, sort, press }} />`)}
                </tr>
              </thead>
              <tbody>
                ${shown.slice(0, limit).map(
                  (row) => html`
                    <tr key=${keyOf(row)} class=${names(open && "opens")} onClick=${(event) => open && pressed(event, row, open)}>
                      ${columns.map(
                        (column) => html`
                          <td key=${column.id} data-title=${column.title} class=${names(column.end && "end")}>
                            ${column.draw(row)}
                          </td>
                        `,
                      )}
                    </tr>
                  `,
                )}
              </tbody>
            </table>
          </div>
          ${shown.length > limit &&
          html`
            <p class="row more-rows">
              <span class="muted">${t("shell.rows-of", { count: limit, all: shown.length })}</span>
              <${Button} small act=${() => setLimit(limit + most)}>${t("shell.more-rows")}<//>
            </p>
          `}
        `}
  `;
};

const order = (one, other) =>
  typeof one === "number" && typeof other === "number" ? one - other : compare(String(one ?? ""), String(other ?? ""));

// By the path as it was when the click began: a button that was drawn anew for it may not have its icon any more.
const pressed = (event, row, open) => {
  if (!event.composedPath().some((one) => one.matches?.("a, button, input, select, label"))) open(row);
};

const Head = ({ column, sort, press }) => {
  const sorted = sort?.id === column.id ? (sort.down ? "descending" : "ascending") : undefined;
  return html`
    <th scope="col" class=${names(column.end && "end")} aria-sort=${sorted}>
      ${column.by
        ? html`<button type="button" class="sort" onClick=${() => press(column.id)}>${column.title}</button>`
        : column.title || html`<span class="unseen">${t("shell.actions")}</span>`}
    </th>
  `;
};
