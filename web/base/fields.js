// @ts-check
/** Fields of forms: a label, an input, a hint and the error of its value. */

import { el, uniqueId } from "./dom.js";
import { errorText } from "./text.js";

/**
 * A label, an input (or several in a row), a hint and what is wrong.
 * @param {string} label
 * @param {HTMLElement[]} inputs  the label is of the first
 * @param {{hint?: string, units?: string}} [more]  `units` stands after the inputs
 */
export function field(label, inputs, { hint = "", units } = {}) {
  const id = uniqueId("field");
  const [first] = inputs;
  first.id = id;
  for (const input of inputs) input.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  const problem = el("span", { class: "problem", id: `${id}-error` });
  const hinted = el("span", { class: "hint", id: `${id}-hint`, text: hint });
  const element = el("div", { class: "field" },
    el("label", { for: id, text: label }),
    inputs.length > 1 || units ? el("div", { class: "beside" }, ...inputs, units && el("span", { class: "unit", text: units })) : first,
    hinted, problem);
  const complain = complaint(problem, label, first);
  element.addEventListener("input", () => complain("")); // what was wrong is being changed
  return { element, hint: hinted, complain };
}

/**
 * A function that shows what is wrong with an input, or "" for nothing.
 * @param {HTMLElement} problem  where it shows it
 * @param {string} label  of the input
 * @param {HTMLElement} input
 */
export function complaint(problem, label, input) {
  return (/** @type {unknown} */ error) => {
    problem.textContent = errorText(error, label);
    if (error) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
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
 */
export function tick(label, hint) {
  const id = uniqueId("tick");
  const box = el("input", { type: "checkbox", id, "aria-describedby": `${id}-hint` });
  const element = el("div", { class: "tick" }, box, el("label", { for: id, text: label }), el("span", { class: "hint", id: `${id}-hint`, text: hint }));
  return { element, box };
}

/** An element with an option for each choice. @param {[any, string][]} choices  value and text @param {Record<string, any>} [attributes] */
export const select = (choices, attributes = {}) =>
  el("select", attributes, choices.map(([value, text]) => el("option", { value: String(value), text })));
