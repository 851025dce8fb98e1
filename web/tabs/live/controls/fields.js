// @ts-check
/**
 * What a control's value is set with: one builder for each type of value.
 *
 * A field shows a value, and says when a person has chosen another one: with
 * each move of a slider, too.
 */

import { typed, written } from "./numbers.js";
import { pair, slider } from "./sliders.js";
import { el, uniqueId } from "../../../base/dom.js";

/** @typedef {import("./numbers.js").Control} Control */

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {(value: any) => void} show   undefined: no value is known
 * @property {(enabled: boolean) => void} enable
 */

/** @typedef {(value: any) => void} Chosen */

/**
 * The field of a control.
 * @param {Control} control
 * @param {Chosen} chosen
 * @param {string} labelledBy  id of the element with its name
 * @returns {Field}
 */
export function fieldOf(control, chosen, labelledBy) {
  if (control.type === "bool") return segments(ON_OFF, chosen, labelledBy);
  if (control.type === "choice") {
    const few = control.choices.length <= 3 && control.choices.every(({ text }) => text.length <= 12);
    return few ? segments(control.choices, chosen, labelledBy) : select(control, chosen, labelledBy);
  }
  if (control.type === "pair") return pair(control, chosen, labelledBy);
  if (control.type === "matrix") return matrix(control, chosen, labelledBy);
  return slider(control, chosen, { "aria-labelledby": labelledBy });
}

const ON_OFF = [{ value: true, text: "Automatic" }, { value: false, text: "Manual" }];

/**
 * Buttons of which one is pressed: radio buttons, so that arrow keys work.
 * @param {{value: any, text: string}[]} choices
 * @param {Chosen} chosen
 * @param {string} labelledBy
 * @returns {Field}
 */
function segments(choices, chosen, labelledBy) {
  const name = uniqueId("choice");
  const radios = choices.map(({ value }) =>
    el("input", { type: "radio", name, value: String(value), onchange: () => chosen(value) }));
  const element = el(
    "div",
    { class: "choices-row", role: "radiogroup", "aria-labelledby": labelledBy },
    choices.map(({ text }, i) => el("label", {}, radios[i], el("span", { text }))),
  );
  return {
    element,
    show: (value) => choices.forEach((choice, i) => (radios[i].checked = choice.value === value)),
    enable: (enabled) => radios.forEach((radio) => (radio.disabled = !enabled)),
  };
}

/**
 * @param {Control} control
 * @param {Chosen} chosen
 * @param {string} labelledBy
 * @returns {Field}
 */
function select({ choices }, chosen, labelledBy) {
  const element = el(
    "select",
    { "aria-labelledby": labelledBy, onchange: () => chosen(element.value) },
    choices.map(({ value, text }) => el("option", { value, text })),
  );
  return {
    element,
    show: (value) => (element.selectedIndex = choices.findIndex((choice) => choice.value === value)),
    enable: (enabled) => (element.disabled = !enabled),
  };
}

const UNIT_MATRIX = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const CHANNELS = ["red", "green", "blue"];

/**
 * Nine number fields, row by row.
 * @param {Control} control
 * @param {Chosen} chosen
 * @param {string} labelledBy
 * @returns {Field}
 */
function matrix(control, chosen, labelledBy) {
  let values = UNIT_MATRIX;
  const cells = UNIT_MATRIX.map((_, i) =>
    el("input", {
      type: "text", inputmode: "decimal", class: "number", autocomplete: "off",
      "aria-label": `${CHANNELS[Math.floor(i / 3)]} from the sensor's ${CHANNELS[i % 3]}`,
      onchange: () => {
        const value = typed(control, cells[i].value);
        if (value === null) cells[i].value = written(control, values[i]);
        else chosen((values = values.map((old, j) => (i === j ? value : old))));
      },
    })); // prettier-ignore
  return {
    element: el("div", { class: "matrix", role: "group", "aria-labelledby": labelledBy }, cells),
    show(value) {
      values = value ?? UNIT_MATRIX;
      cells.forEach((cell, i) => (cell.value = written(control, values[i])));
    },
    enable: (enabled) => cells.forEach((cell) => (cell.disabled = !enabled)),
  };
}
