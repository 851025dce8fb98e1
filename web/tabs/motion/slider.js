// @ts-check
/** A setting that is a whole number as a slider, with its value and the meaning of its ends. */

import { el, write } from "../../base/dom.js";

/**
 * @param {string} low  what the lowest value means
 * @param {string} high
 * @returns {import("../../base/setting-row.js").MakeInput}
 */
export const slider = (low, high) => (field, attributes, changed) => {
  const input = el("input", { ...attributes, type: "range", min: field.low, max: field.high, step: 1, onchange: () => changed(Number(input.value)) });
  const value = el("output", { for: attributes.id, class: "motion-slider-value" });
  input.addEventListener("input", () => write(value, input.value));
  const show = (/** @type {number} */ now) => {
    input.value = String(now);
    write(value, String(now));
  };
  const element = el("div", { class: "motion-slider" }, input, value,
    el("p", { class: "hint motion-slider-ends" }, el("span", { text: `${field.low}: ${low}` }), el("span", { text: `${field.high}: ${high}` })));
  return { element, focus: input, show, typing: () => false };
};
