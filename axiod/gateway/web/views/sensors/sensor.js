// One sensor: what it measures, its limits, and how it is asked.
import { html, useState } from "../../lib.js";
import { number, t } from "../../i18n.js";
import { go, to } from "../../router.js";
import { can } from "../../session.js";
import { fresh, only, thing } from "../../store.js";
import { Button } from "../../parts/button.js";
import { NumberField } from "../../parts/field.js";
import { mistake, Settings, Theirs, useSettings } from "../../parts/form.js";
import { Later } from "../../parts/later.js";
import { Card, Facts } from "../../parts/page.js";
import { Age } from "../../parts/value.js";
import { Copy, drop, TestRead } from "./calls.js";
import { Fields, portName } from "./fields.js";
import { EnabledSwitch } from "./list.js";
import { Readings, State, titleOf } from "./readings.js";

export const Sensor = ({ id }) => {
  const [open, setOpen] = useState(null);
  const one = thing("sensors", id).value;
  if (!one) return html`<p class="empty">${t("sensors.gone")}</p>`;
  const live = fresh("sensors");
  const list = only("sensor-list");
  const leave = async () => (await drop(one)) && go(to("sensors", "list"));
  const close = () => setOpen(null);
  return html`
    <header class="row rule-head">
      <a class="button quiet" href=${to("sensors", "list")}>‹ ${t("sensors.title")}</a>
      <h2>${one.Name}</h2>
      <span class="row actions">
        ${can("administrator") && html`<${EnabledSwitch} one=${one} />`}
        ${can("operator") && html`<${Button} small icon="play" disabled=${!live} act=${() => setOpen("test")}>${t("sensors.test")}<//>`}
        ${can("administrator") &&
        html`
          <${Button} small icon="copy" disabled=${!live || list?.Count >= list?.Limit} act=${() => setOpen("copy")}>${t("shell.copy")}<//>
          <${Button} small icon="remove" disabled=${!live} act=${leave}>${t("shell.remove")}<//>
        `}
      </span>
    </header>
    <div class="cards sensor">
      <${Card} title=${t("sensors.values")} icon="sensors" old=${!live}>
        <${Readings} channels=${one.Channels} readings=${one.Readings} whole />
      <//>
      <${Card} title=${t("sensors.State")} icon="status" old=${!live}>
        ${one.Reason && html`<p class="problem" lang="en">${one.Reason}</p>`}
        <${About} one=${one} />
      <//>
      <${Later} load=${() => import("./history.js")} texts="history" given=${{ one }} />
      <${Form} id=${id} one=${one} />
    </div>
    ${open === "test" && html`<${TestRead} one=${one} close=${close} />`}
    ${open === "copy" && html`<${Copy} one=${one} close=${close} />`}
  `;
};

const About = ({ one }) => html`
  <${Facts}
    items=${[
      [t("sensors.State"), html`<span class="row end"><${State} one=${one} /><${Age} usec=${one.StateChangedUsec} /></span>`],
      [t("sensors.LastEvent"), one.LastEvent && html`<span lang="en">${one.LastEvent}</span> <${Age} usec=${one.LastEventUsec} />`],
      [t("sensors.Model"), one.Model],
      [t("sensors.where"), t("sensors.at", { port: portName(one.Port), unit: one.Unit })],
      [t("sensors.AnsweredPercent"), one.AnsweredPercent !== undefined && html`<span class="live">${number(one.AnsweredPercent, 1)} %</span>`],
      [t("sensors.Polls"), html`<span class="live">${t("sensors.polls-of", { polls: number(one.Polls), failures: number(one.Failures) })}</span>`],
      [t("words.Id"), html`<code>${one.Id}</code>`],
    ].filter(([, value]) => value !== false)}
  />
`;

const LIMITS = ["Above", "Below", "Hysteresis", "HoldMs", "IntervalMs"];

// The settings of a channel, as they are edited: a record that says nothing is left out.
const settingsOf = (form, channel) => (form.value("ChannelSettings") ?? []).find(({ Channel }) => Channel === channel) ?? {};

const setOne = (form, channel, name, value) => {
  const { [name]: _, ...others } = { ...settingsOf(form, channel), Channel: channel };
  const next = value === "" ? others : { ...others, [name]: value };
  const rest = (form.value("ChannelSettings") ?? []).filter(({ Channel }) => Channel !== channel);
  form.set("ChannelSettings", Object.keys(next).length > 1 ? [...rest, next] : rest);
};

const Form = ({ id, one }) => {
  const settings = useSettings("sensors", id);
  const fields = settings.schema.ChannelSettings?.items?.properties ?? {};
  const wrongIn = (channel) => {
    const given = settingsOf(settings, channel);
    const found = Object.fromEntries(LIMITS.filter((name) => name in given).map((name) => [name, mistake(fields[name], given[name])]));
    if (given.Above <= given.Below) found.Below ||= t("sensors.wrong-limits");
    return Object.fromEntries(Object.entries(found).filter(([, text]) => text));
  };
  const bad = one.Channels.some(({ Channel }) => Object.keys(wrongIn(Channel)).length);
  const form = {
    ...settings,
    wrong: bad ? { ...settings.wrong, ChannelSettings: t("shell.wrong-number") } : settings.wrong,
    save: async () => !bad && settings.save(),
  };
  const theirs = form.theirs("ChannelSettings");
  return html`
    <${Card} wide title=${t("sensors.settings")} icon="edit" old=${!fresh("sensors")}>
      <${Settings} form=${form} section="sensors" disabled=${!can("administrator")}>
        <${Fields} form=${form} />
        <h3>${t("sensors.limits")}</h3>
        <p class="hint">${t("sensors.limits-hint")}</p>
        ${theirs !== undefined && html`<${Theirs} form=${form} name="ChannelSettings" value=${theirs} />`}
        ${one.Channels.map((channel) => {
          const given = settingsOf(form, channel.Channel);
          const wrong = wrongIn(channel.Channel);
          return html`
            <fieldset key=${channel.Channel} class="limits" data-limits=${channel.Channel}>
              <legend>${titleOf(channel)}</legend>
              ${LIMITS.filter((name) => name !== "IntervalMs" || !channel.Derived).map(
                (name) => html`
                  <${NumberField}
                    key=${name}
                    label=${t(`sensors.limit-${name}`)}
                    hint=""
                    unit=${name.endsWith("Ms") ? "ms" : channel.Unit}
                    whole=${name.endsWith("Ms")}
                    value=${given[name]}
                    set=${(value) => setOne(settings, channel.Channel, name, value)}
                    error=${wrong[name]}
                  />
                `,
              )}
            </fieldset>
          `;
        })}
      <//>
    <//>
  `;
};
