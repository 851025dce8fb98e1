// @ts-check
/** Forms that send something to the server, and say beside the field what it did not like. */

import { Refused } from "../server/api.js";
import { el, fill, uniqueId } from "./dom.js";

/** How the server's words about a field begin, when they go on from its name. */
const ABOUT_IT = /^(must|is|are|needs|has|holds)\b/;

/**
 * @typedef {object} Input
 * @property {string} name      of the field, as in the API
 * @property {string} label
 * @property {string} [type]    of the <input>; "select" for one of `choices`
 * @property {string} [autocomplete]
 * @property {string} [hint]    shown below it
 * @property {string} [value]   at the start
 * @property {[string, string][]} [choices]  value and text
 * @property {Record<string, string | number | boolean>} [attributes]  further ones
 */

/**
 * A form: fields below each other, a button, and what is wrong beside the field that it is about.
 * @param {object} what
 * @param {Input[]} what.inputs
 * @param {string} what.submit  the button's text
 * @param {(values: Record<string, string>, form: HTMLFormElement) => Promise<unknown>} what.action
 *   what submitting does; it throws what the server refuses
 * @param {string} [what.name]  for screen readers
 * @param {boolean} [what.inline]  fields beside each other, where there is room
 * @returns {HTMLFormElement}
 */
export function form({ inputs, submit, action, name, inline = false }) {
  const rows = new Map(inputs.map((input) => [input.name, row(input)]));
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const button = el("button", { class: "primary", text: submit });
  const made = el(
    "form",
    { class: inline ? "form inline" : "form", "aria-label": name, novalidate: true, onsubmit: send },
    [...rows.values()].map(({ element }) => element),
    problem,
    el("div", { class: "actions" }, button),
  );

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    if (button.disabled) return;
    tell("");
    for (const { complain } of rows.values()) complain("");
    const empty = [...rows.values()].find(({ input }) => input.required && !input.value);
    if (empty) {
      empty.complain("is needed");
      empty.input.focus();
      return;
    }
    button.disabled = true;
    made.setAttribute("aria-busy", "true");
    try {
      await action(Object.fromEntries([...rows].map(([key, { input }]) => [key, input.value])), made);
      button.disabled = false;
    } catch (error) {
      refuse(/** @type {Error} */ (error));
    } finally {
      made.removeAttribute("aria-busy");
    }
  }

  /** @param {Error} error */
  function refuse(error) {
    const refused = error instanceof Refused ? error : null;
    if (refused?.status === 429 && refused.wait_s) {
      wait(refused.message, refused.wait_s);
      return;
    }
    button.disabled = false;
    const place = rows.get(refused?.field ?? "");
    if (!place) {
      tell(error.message);
      return;
    }
    place.complain(error.message);
    place.input.focus();
    if (place.input.type === "password") place.input.select();
  }

  /** Count the seconds until the next try; `text` is read aloud once. @param {string} text @param {number} wait_s */
  function wait(text, wait_s) {
    const left = el("span", { "aria-hidden": "true" });
    const end_ms = performance.now() + wait_s * 1000;
    problem.hidden = false;
    fill(problem, sentence(text.replace(/: try again.*$/, "")), " ", left);
    const tick = () => {
      const left_s = Math.ceil((end_ms - performance.now()) / 1000);
      left.textContent = `Try again in ${left_s} s.`;
      if (left_s > 0 && made.isConnected) setTimeout(tick, 250);
      else {
        tell("");
        button.disabled = false;
      }
    };
    tick();
  }

  /** @param {string} text */
  function tell(text) {
    problem.textContent = sentence(text);
    problem.hidden = !text;
  }

  return made;
}

/** @param {Input} what */
function row({ name, label, type = "text", autocomplete = "off", hint, value = "", choices, attributes = {} }) {
  const id = uniqueId(name);
  const common = { id, name, "aria-describedby": `${id}-hint ${id}-error`, ...attributes };
  const input = choices
    ? el("select", common, choices.map(([key, text]) => el("option", { value: key, text })))
    : el("input", { ...common, type, autocomplete, value, ...(type === "password" ? {} : { autocapitalize: "none", spellcheck: "false" }) });
  const error = el("span", { class: "problem", id: `${id}-error` });
  const element = el(
    "div",
    { class: "field" },
    el("label", { for: id, text: label }),
    input,
    el("span", { class: "hint", id: `${id}-hint`, text: hint ?? "" }),
    error,
  );
  const complain = (/** @type {string} */ text) => {
    error.textContent = sentence(ABOUT_IT.test(text) ? `${label} ${text}` : text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return { element, input, complain };
}

/**
 * A message of the server as a sentence.
 * @param {string} text
 */
export const sentence = (text) => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
