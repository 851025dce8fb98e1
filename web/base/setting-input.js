// @ts-check
/** The inputs of a setting: a box to tick, a list to choose from, a number or a text. Lists of texts are in list-input.js. */

import { el } from "./dom.js";
import { select } from "./fields.js";

/**
 * @typedef {object} SettingInput
 * @property {HTMLElement} element
 * @property {HTMLElement} focus  what the label names, and what is marked as wrong
 * @property {(value: any, empty: string) => void} show  `empty`: what 0 or an empty text means
 * @property {() => boolean} typing  a person is entering something
 */

/**
 * @param {import("../server/settings-store.js").Field} field
 * @param {Record<string, any>} attributes
 * @param {[any, string][]} choices  value and text; empty for any value
 * @param {(value: any) => void} changed  a person has chosen or entered a value; null: nothing
 * @returns {SettingInput}
 */
export function settingInput(field, attributes, choices, changed) {
  if (field.type === "bool") {
    const box = el("input", { ...attributes, type: "checkbox", role: "switch", onchange: () => changed(box.checked) });
    return { element: box, focus: box, show: (value) => (box.checked = value), typing: () => false };
  }
  const input = choices.length ? select(choices, attributes) : entry(field, attributes);
  input.addEventListener("change", () => changed(choices.length ? choices.find(([value]) => String(value) === input.value)?.[0] : entered(field, input.value)));
  return {
    element: input,
    focus: input,
    show: (value, empty) => {
      input.value = empty && !choices.length && !value ? "" : String(value);
      if (empty && !choices.length) input.placeholder = empty[0].toUpperCase() + empty.slice(1);
    },
    typing: () => document.activeElement === input,
  };
}

/** @param {import("../server/settings-store.js").Field} field @param {Record<string, any>} attributes */
function entry(field, attributes) {
  if (field.type === "text") return el("input", { ...attributes, type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  return el("input", { ...attributes, type: "number", min: field.low, max: field.high, step: field.type === "int" ? 1 : "any", inputmode: "decimal" });
}

/** @param {import("../server/settings-store.js").Field} field @param {string} text */
function entered(field, text) {
  if (field.type === "text") return text.trim();
  return text === "" ? null : Number(text);
}
