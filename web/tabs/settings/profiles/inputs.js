// @ts-check
/** The settings and controls that a profile may change: their names, and an input for the value of each. */

import { el } from "../../../base/dom.js";
import { select } from "../../../base/fields.js";
import { settingInput } from "../../../base/setting-input.js";
import { choicesOf, textOf, words } from "../../../base/setting-texts.js";
import { labelOf } from "../../live/controls/labels.js";
import { weekdays } from "../../motion/weekdays.js";
import { stampUses } from "../stamp-uses.js";

/** What the sections are called. @type {Record<string, string>} */
const GROUPS = {
  controls: "Controls", snapshot: "Snapshots", live: "Live view", photo: "Photo", raw: "Raw photo", video: "Video",
  motion: "Motion", camera: "Camera", files: "Files", stamp: "Stamp",
};

/** Lists whose values are ticked, as where they are set. @type {Record<string, import("../../../base/setting-row.js").MakeInput>} */
const BOXES = { "motion.weekdays": weekdays, "stamp.uses": stampUses };

/** @param {string} name  dotted @returns {{section: string, control: string | null}} */
function parts(name) {
  const [section, ...rest] = name.split(".");
  const control = section === "controls" ? rest[0] : rest[0] === "controls" ? rest[1] : null;
  return { section, control };
}

/** The name of a setting, with its section where that is not plain. @param {string} name  dotted */
export function labelOfSetting(name) {
  const { section, control } = parts(name);
  const label = control ? labelOf(control) : (textOf(name)?.label ?? name);
  return section === "controls" ? label : `${GROUPS[section] ?? section}: ${label}`;
}

/**
 * What may be changed, in the order of the page.
 * @param {Record<string, import("../../../server/settings-store.js").Field>} fields
 * @param {any[]} controls  of `api/controls`
 * @param {(name: string) => boolean} mayChange
 */
export function settingsOf(fields, controls, mayChange) {
  const plain = Object.keys(fields).filter((name) => mayChange(name) && fields[name].type !== "controls" && textOf(name));
  const own = controls.filter(({ available }) => available).map(({ name }) => `controls.${name}`);
  const order = Object.keys(GROUPS);
  return [...own, ...plain]
    .map((name) => ({ name, group: GROUPS[name.split(".")[0]] ?? name.split(".")[0], label: labelOfSetting(name) }))
    .sort((one, other) => order.indexOf(one.name.split(".")[0]) - order.indexOf(other.name.split(".")[0]));
}

/**
 * An input for a value.
 * @param {string} name  dotted
 * @param {Record<string, import("../../../server/settings-store.js").Field>} fields
 * @param {any[]} controls
 * @param {Record<string, any>} attributes
 * @param {any} value  null: the default
 * @param {(value: any) => void} changed
 * @returns {HTMLElement}
 */
export function inputOf(name, fields, controls, attributes, value, changed) {
  const control = parts(name).control;
  if (value === null) return el("output", { ...attributes, text: control ? "Automatic" : "Default" });
  if (control) return controlInput(controls.find((one) => one.name === control), attributes, value, changed);
  const field = fields[name];
  if (!field) return el("output", { ...attributes, text: JSON.stringify(value) });
  if (BOXES[name]) {
    const boxes = BOXES[name](field, attributes, changed);
    boxes.show(value, "");
    return boxes.element;
  }
  if (field.type === "list") {
    return el("textarea", { ...attributes, rows: 2, spellcheck: "false", value: value.join("\n"),
      onchange: (/** @type {any} */ { target }) => changed(target.value.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean)) });
  }
  const { empty = "" } = textOf(name) ?? {};
  const input = settingInput(field, attributes, choicesOf(field), (entered) => changed(entered ?? (empty ? 0 : "")));
  input.show(value, empty);
  return withUnit(input.element, choicesOf(field).length ? "" : field.unit);
}

/**
 * A value in words.
 * @param {string} name  dotted
 * @param {Record<string, import("../../../server/settings-store.js").Field>} fields
 * @param {any[]} controls
 * @param {any} value
 * @returns {string}
 */
export function valueWords(name, fields, controls, value) {
  const field = fields[name];
  const known = controls.find((one) => one.name === parts(name).control);
  /** @type {[any, string][]} */
  const choices = known ? known.choices.map((/** @type {any} */ one) => [one.value, one.text]) : field ? choicesOf(field) : [];
  if (Array.isArray(value)) return value.map((one) => words(one, choices)).join(", ") || "none";
  if (value === null || typeof value === "object") return JSON.stringify(value);
  return String(words(value, choices, known ? "" : field?.unit, textOf(name)?.empty));
}

/** @param {any} control  undefined: not known yet @param {Record<string, any>} attributes @param {any} value @param {(value: any) => void} changed */
function controlInput(control, attributes, value, changed) {
  if (control?.type === "choice" || control?.type === "bool") {
    const choices = control.type === "bool" ? [[true, "On"], [false, "Off"]] : control.choices.map((/** @type {any} */ one) => [one.value, one.text]);
    const input = select(choices, { ...attributes, onchange: () => changed(choices[input.selectedIndex][0]) });
    input.value = String(value);
    return input;
  }
  const plain = typeof value === "number";
  const input = el("input", { ...attributes, type: plain ? "number" : "text", step: "any", inputmode: plain ? "decimal" : "text", autocomplete: "off", spellcheck: "false",
    value: plain ? value : JSON.stringify(value), onchange: () => changed(plain ? Number(input.value) : parsed(input.value)) });
  return withUnit(input, plain ? control?.unit : "");
}

/** @param {HTMLElement} input @param {string} [unit] */
const withUnit = (input, unit) => (unit ? el("div", { class: "profile-value" }, input, el("span", { class: "unit", text: unit })) : input);

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the server says what it expects
  }
}
