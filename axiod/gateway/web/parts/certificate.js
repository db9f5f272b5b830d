// A setting that is one of the certificates of the store: the contract says that it is a text.
import { html } from "../lib.js";
import { t } from "../i18n.js";
import { all } from "../store.js";
import { Setting } from "./form.js";

/** `none`: what is said where no certificate is a choice as well. `fits(certificate)`: whether it is one. */
export const CertificateSetting = ({ form, name, none, fits = () => true, ...more }) => {
  const chosen = form.value(name) ?? "";
  const options = [...(none ? [["", none]] : []), ...all("certificates").filter(fits).map(({ Id }) => [Id, Id])];
  if (!options.some(([id]) => id === chosen)) options.push([chosen, t("shell.not-there", { name: chosen })]);
  return html`<${Setting} form=${form} name=${name} options=${options} ...${more} />`;
};
