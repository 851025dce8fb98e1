// @ts-check
/** What the form of a series is made of: labelled fields, choices side by side, and what is wrong beside each. */

import { instant, wall, zoneNote } from "../../base/camera-time.js";
import { el, uniqueId } from "../../base/dom.js";
import { sentence } from "../../base/fields.js";

/** How the server's words about a field begin, when they go on from its name. */
const ABOUT_IT = /^(must|is|are|needs|has|holds|values|both)\b/;

/**
 * A part of the form, for some keys of a definition.
 * @typedef {object} Part
 * @property {HTMLElement} element
 * @property {() => Record<string, any>} read      those keys, each with a value or null
 * @property {(definition: any) => void} write
 * @property {(text: string) => void} [complain]   what is wrong with it; "" for nothing
 */

/**
 * A label, an input (or several in a row), a hint and what is wrong.
 * @param {string} label
 * @param {HTMLElement[]} inputs  the label is of the first
 * @param {{hint?: string, units?: string}} [more]  `units` stands after the inputs
 */
export function field(label, inputs, { hint = "", units } = {}) {
  const id = uniqueId("series");
  const [first] = inputs;
  first.id = id;
  for (const input of inputs) input.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  const problem = el("span", { class: "problem", id: `${id}-error` });
  const hinted = el("span", { class: "hint", id: `${id}-hint`, text: hint });
  const element = el("div", { class: "field" },
    el("label", { for: id, text: label }),
    inputs.length > 1 || units ? el("div", { class: "beside" }, ...inputs, units && el("span", { class: "unit", text: units })) : first,
    hinted, problem);
  return { element, hint: hinted, complain: complaint(problem, label, first) };
}

/**
 * A few choices side by side, of which one holds.
 * @param {string} legend
 * @param {[string, string][]} choices  value and text
 * @param {() => void} [changed]
 */
export function choice(legend, choices, changed = () => {}) {
  const name = uniqueId("choice");
  const inputs = choices.map(([value]) => el("input", { type: "radio", name, value, onchange: changed }));
  inputs[0].checked = true;
  const element = el("fieldset", { class: "choice" },
    el("legend", { text: legend }),
    el("div", { class: "segments" }, choices.map(([, text], index) => el("label", {}, inputs[index], el("span", { text })))));
  return {
    element,
    get value() {
      return inputs.find((input) => input.checked).value;
    },
    set value(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

/**
 * A box to tick, with a hint below its label.
 * @param {string} label
 * @param {string} hint
 * @param {() => void} [changed]
 */
export function tick(label, hint, changed = () => {}) {
  const id = uniqueId("series");
  const box = el("input", { type: "checkbox", id, "aria-describedby": `${id}-hint`, onchange: changed });
  const element = el("div", { class: "tick" }, box, el("label", { for: id, text: label }), el("span", { class: "hint", id: `${id}-hint`, text: hint }));
  return { element, box };
}

/** An element for one option each. @param {[string | number, string][]} choices @param {Record<string, any>} [attributes] */
export const select = (choices, attributes = {}) =>
  el("select", attributes, choices.map(([value, text]) => el("option", { value, text })));

/**
 * A function that says what is wrong with an input.
 * @param {HTMLElement} problem  where it says it
 * @param {string} label  what the input is called
 * @param {HTMLElement} input
 */
export function complaint(problem, label, input) {
  return (/** @type {string} */ text) => {
    problem.textContent = sentence(ABOUT_IT.test(text) ? `${label} ${text}` : text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
}

/** An input of a time by the camera's clock. @param {string} label */
export function timeInput(label) {
  const input = el("input", { type: "datetime-local", "aria-label": label });
  return {
    input,
    /** @param {string | number} time  ISO 8601, or in ms since the epoch @param {string} zone */
    write: (time, zone) => (input.value = wall(time, zone).slice(0, "2026-11-20T23:58".length)),
    /** @param {string} zone @returns {string | null} ISO 8601; null: there is none */
    read: (zone) => (input.value ? new Date(instant(input.value, zone)).toISOString() : null),
  };
}

/** "By the camera’s clock (Europe/Berlin)." where the viewer's shows another time; else "". @param {string} zone */
export function clockHint(zone) {
  const note = zoneNote(Date.now(), zone);
  return note && `By the camera’s clock${note}.`;
}
