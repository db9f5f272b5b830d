// A list in one line. What is typed stays as it is typed as long as it means the list.
import { html, same, useState } from "../../../lib.js";
import { TextField } from "../../../parts/field.js";
import { listOf } from "./address.js";

export const ListField = ({ value, set, ...more }) => {
  const [typed, setTyped] = useState("");
  const put = (text) => {
    setTyped(text);
    set(listOf(text));
  };
  return html`
    <${TextField}
      value=${same(listOf(typed), value) ? typed : value.join(", ")}
      set=${put}
      autocomplete="off"
      autocapitalize="none"
      spellcheck=${false}
      ...${more}
    />
  `;
};
