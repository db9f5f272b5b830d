// A secret of a form of network settings.
import { html } from "../../../lib.js";
import { t } from "../../../i18n.js";
import { Secret as Part } from "../../../parts/secret.js";

/** `most`: how long it may be. */
export const Secret = ({ section, name, most, form, secrets, setSecrets }) => html`
  <${Part}
    words="network"
    name=${name}
    label=${t(`${section}.${name}`)}
    hint=${t(`${section}.${name}-hint`)}
    error=${form.wrong[name]}
    there=${form.now.Secrets?.includes(name)}
    longest=${most}
    secrets=${secrets}
    setSecrets=${(change) => {
      form.forgive();
      setSecrets(change);
    }}
  />
`;
