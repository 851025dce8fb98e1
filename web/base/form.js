// @ts-check
/** Forms that send something to the server and show an error beside the field that it is about. */

import { Refused } from "../server/api.js";
import { el, fill } from "./dom.js";
import { errorText } from "./text.js";
import { field, select } from "./fields.js";

/**
 * @typedef {object} Input
 * @property {string} name      of the field, as in the API
 * @property {string} label
 * @property {string} [type]    of the <input>
 * @property {string} [autocomplete]
 * @property {string} [hint]    shown below it
 * @property {string} [value]   at the start
 * @property {[string, string][]} [choices]  value and text: one is selected
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
  const rows = inputs.map((input) => ({ name: input.name, ...row(input) }));
  const made = el("form", { class: inline ? "form inline" : "form", "aria-label": name, novalidate: true });
  const complaints = new Map(rows.map((each) => [each.name, each.complain]));
  const { problem, button } = submission(made, submit, complaints, async () => {
    const empty = rows.find(({ input }) => input.required && !input.value);
    if (empty) throw new Refused("is needed", { field: empty.name });
    await action(Object.fromEntries(rows.map((each) => [each.name, each.input.value])), made);
  });
  made.append(...rows.map(({ element }) => element), problem, el("div", { class: "actions" }, button));
  return made;
}

/** @param {Input} what */
function row({ name, label, type = "text", autocomplete = "off", hint, value = "", choices, attributes = {} }) {
  const common = { name, ...attributes };
  const input = choices
    ? select(choices, common)
    : el("input", { ...common, type, autocomplete, value, ...(type === "password" ? {} : { autocapitalize: "none", spellcheck: "false" }) });
  return { input, ...field(label, [input], { hint }) };
}

/**
 * Makes a form send: the button that submits it, and the place for what is wrong with no field of it.
 * @param {HTMLFormElement} form
 * @param {string} text  of the button
 * @param {Map<string, (error: unknown) => void>} complaints  by the API's name of a field: shows what is wrong with it, "" for nothing
 * @param {() => Promise<unknown>} action  throws what the server refuses; meanwhile the button is disabled
 */
export function submission(form, text, complaints, action) {
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const button = el("button", { class: "primary", text });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    show("");
    for (const complain of complaints.values()) complain("");
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      await action();
      button.disabled = false;
    } catch (error) {
      refuse(error);
    } finally {
      form.removeAttribute("aria-busy");
    }
  });

  /** @param {unknown} error */
  function refuse(error) {
    const refused = error instanceof Refused ? error : null;
    if (refused?.status === 429 && refused.wait_s) {
      wait(refused);
      return;
    }
    button.disabled = false;
    const complain = complaints.get(refused?.field ?? "");
    if (!complain) {
      show(error);
      return;
    }
    complain(error);
    const wrong = /** @type {HTMLInputElement | null} */ (form.querySelector("[aria-invalid=true]"));
    wrong?.closest("details")?.setAttribute("open", "");
    wrong?.focus();
    if (wrong?.type === "password") wrong.select();
  }

  /** Count the seconds until the next try; the message is read aloud once. @param {Refused} refused */
  function wait({ message, wait_s }) {
    const left = el("span", { "aria-hidden": "true" });
    const end_ms = performance.now() + wait_s * 1000;
    problem.hidden = false;
    fill(problem, errorText(message.replace(/: try again.*$/, "")), " ", left);
    const tick = () => {
      const left_s = Math.ceil((end_ms - performance.now()) / 1000);
      left.textContent = `Try again in ${left_s} s.`;
      if (left_s > 0 && form.isConnected) setTimeout(tick, 250);
      else {
        show("");
        button.disabled = false;
      }
    };
    tick();
  }

  /** @param {unknown} error  "" for none */
  function show(error) {
    problem.textContent = errorText(error);
    problem.hidden = !error;
  }

  return { problem, button };
}
