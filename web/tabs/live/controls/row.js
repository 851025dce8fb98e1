// @ts-check
/** One control: a box that sets it, its value, a reset button, and its error. */

import { fieldOf } from "./fields.js";
import { shownValue, waiting } from "./rules.js";
import { labelOf } from "./labels.js";
import { el, icon, uniqueId, write } from "../../../base/dom.js";
import { sentence } from "../../../base/text.js";

/** @typedef {import("./numbers.js").Control} Control */
/** @typedef {import("./state.js").ControlState} ControlState */
/** @typedef {import("./fields.js").Field} Field */

const BACK = "M4 4v6h6M4.5 10a8 8 0 1 1-.3 5";

export class ControlRow {
  /** The control, as `api/controls` has it. */
  control;
  element;
  #state;
  #field;
  #set = el("input", { type: "checkbox", onchange: () => this.#toggle() });
  #reset;
  #note = el("p", { class: "note", role: "status" });
  #problem = el("p", { class: "problem", role: "alert" });
  #wasSet = false;

  /**
   * @param {Control} control
   * @param {ControlState} state
   * @param {Field} [field]  instead of the usual one
   */
  constructor(control, state, field) {
    this.control = control;
    this.#state = state;
    const name = uniqueId("control");
    const label = labelOf(control.name);
    this.#field = field ?? fieldOf(control, (value) => state.set(control.name, value), name);
    this.#reset = el(
      "button",
      { type: "button", class: "plain reset", title: "Let the camera decide", "aria-label": `Reset ${label}`, onclick: () => this.#back() },
      icon(BACK),
    );
    this.element = el(
      "div",
      { class: "control", "data-name": control.name, "data-type": control.type },
      el(
        "div",
        { class: "control-head" },
        el("label", { class: "set", title: control.name }, this.#set, el("span", { id: name, text: label })),
        this.#reset,
      ),
      this.#field.element,
      el("p", { class: "hint", text: hint(control) }),
      this.#note,
      this.#problem,
    );
    this.#set.disabled = !control.available;
    this.#field.enable(control.available);
  }

  /** Whether the control is set. */
  get isSet() {
    return this.control.name in this.#state.values;
  }

  /** Show it as it is now. */
  show() {
    const { control } = this;
    const { values, metadata, problems } = this.#state;
    const set = this.isSet;
    this.#set.checked = set;
    this.#reset.hidden = !set;
    this.element.toggleAttribute("data-set", set);
    if (this.#state.busy(control.name)) this.element.setAttribute("aria-busy", "true");
    else this.element.removeAttribute("aria-busy");
    // What the camera does meanwhile does not interrupt a person who is typing a number.
    const idle = set || set !== this.#wasSet || !this.#field.element.contains(document.activeElement);
    this.#wasSet = set;
    if (idle) this.#field.show(shownValue(control, values, metadata));
    write(this.#note, control.available ? waiting(control, values) || this.#state.settings.setBy(`controls.${control.name}`) : sentence(control.reason ?? "not available"));
    write(this.#problem, sentence(problems.get(control.name) ?? ""));
  }

  /** Set to what it is now, or left to the camera. */
  #toggle() {
    const { control } = this;
    const { values, metadata } = this.#state;
    if (this.isSet) this.#state.set(control.name, null);
    else this.#state.set(control.name, shownValue(control, values, metadata) ?? first(control));
  }

  #back() {
    this.#state.set(this.control.name, null);
    this.#set.focus();
  }
}

/** A value to begin with, where neither camera nor table name one. @param {Control} control */
function first({ type, choices, low, high, scale }) {
  const [least, most] = [low ?? 0, high ?? 1];
  const number = scale === "log" ? Math.round(Math.sqrt(Math.max(1, least) * most)) : least;
  if (type === "choice") return choices[0].value;
  if (type === "pair") return [number, number];
  if (type === "matrix") return [1, 0, 0, 0, 1, 0, 0, 0, 1];
  return type === "bool" ? true : number;
}

/** What it does, and what the camera does by itself. @param {Control} control */
function hint({ text, default: usual, choices }) {
  const named = choices.find(({ value }) => value === usual)?.text;
  if (usual === null || typeof usual === "boolean") return sentence(text);
  return `${sentence(text)} Default: ${named ?? usual}.`;
}
