// @ts-check
/**
 * Numbers that are set with a slider, and with a number field beside it that takes
 * whatever the control allows, also what the slider's ends leave out.
 */

import { ends, fraction, SLIDER_STEPS, typed, valueAt, written } from "./numbers.js";
import { el } from "../../../base/dom.js";

/** @typedef {import("./numbers.js").Control} Control */
/** @typedef {import("./fields.js").Chosen} Chosen */
/** @typedef {import("./fields.js").Field} Field */

/**
 * A slider and a number field.
 * @param {Control} control
 * @param {Chosen} chosen
 * @param {Record<string, string>} label  the attribute that names both
 * @returns {Field}
 */
export function slider(control, chosen, label) {
  const log = control.scale === "log";
  const [low, high] = ends(control);
  const scale = log ? { min: 0, max: SLIDER_STEPS, step: 1 } : { min: low, max: high, step: control.step ?? "any" };
  const bar = el("input", { type: "range", ...scale, ...label, oninput: slid });
  const text = el("input", {
    type: "text", inputmode: control.unit === "µs" ? "text" : "decimal", class: "number",
    autocomplete: "off", spellcheck: "false", ...label, onchange: left, onkeydown: pressed,
  }); // prettier-ignore
  /** @type {number | undefined} */
  let shown;

  function slid() {
    shown = valueAt(control, log ? bar.value / SLIDER_STEPS : (bar.value - low) / (high - low));
    write(shown);
    chosen(shown);
  }
  function entered() {
    const value = typed(control, text.value);
    put(value ?? shown);
    if (value !== null) chosen(value);
  }
  function left() {
    if (shown === undefined || text.value !== written(control, shown)) entered();
  }
  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.key === "Enter") entered(); // also what stood there already: what the camera does is set from now on
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    event.key === "ArrowUp" ? bar.stepUp(log ? 10 : 1) : bar.stepDown(log ? 10 : 1);
    slid();
  }
  /** @param {number} value */
  function write(value) {
    text.value = written(control, value);
    bar.setAttribute("aria-valuetext", `${text.value} ${control.unit === "µs" ? "" : control.unit}`.trim());
  }
  /** @param {number | undefined} value */
  function put(value) {
    shown = value;
    bar.value = value === undefined ? String(scale.min) : String(log ? fraction(control, value) * SLIDER_STEPS : value);
    if (value === undefined) text.value = "";
    else write(value);
  }
  const unit = control.unit && control.unit !== "µs" ? el("span", { class: "unit", text: control.unit }) : null;
  return {
    element: el("div", { class: "slider" }, bar, text, unit),
    // The same value again may not take away what somebody is typing.
    show: (value) => value === shown && document.activeElement === text || put(value),
    enable: (enabled) => (bar.disabled = text.disabled = !enabled),
  };
}

/** What the two numbers of a pair are. @type {Record<string, string[]>} */
const PARTS = { ColourGains: ["Red", "Blue"], FrameDurationLimits: ["Shortest", "Longest"] };

/**
 * Two numbers, each with its name.
 * @param {Control} control
 * @param {Chosen} chosen
 * @param {string} labelledBy
 * @returns {Field}
 */
export function pair(control, chosen, labelledBy) {
  const names = PARTS[control.name] ?? ["First", "Second"];
  /** @type {number[]} */
  let values = [];
  const fields = names.map((name, i) =>
    slider(control, (value) => chosen((values = values.map((old, j) => (i === j ? value : old)))), { "aria-label": name }));
  return {
    element: el(
      "div",
      { class: "pair", role: "group", "aria-labelledby": labelledBy },
      fields.map(({ element }, i) => el("div", { class: "one" }, el("span", { class: "part", "aria-hidden": "true", text: names[i] }), element)),
    ),
    show(value) {
      values = value ? [...value] : names.map(() => ends(control)[0]);
      fields.forEach((field, i) => field.show(value?.[i]));
    },
    enable: (enabled) => fields.forEach((field) => field.enable(enabled)),
  };
}
