// @ts-check
/** Part of a series' form: exposure and white balance, decided by the camera, the same for all pictures, or following the light. */

import { el } from "../../base/dom.js";
import { choice, field } from "../../base/fields.js";
import { errorText } from "../../base/text.js";

/** @typedef {import("./form.js").Part} Part */

const HINTS = {
  auto: "The camera decides for each picture.",
  fixed: "That of the first picture, so that a film does not flicker. Not suitable for day and night.",
  smooth: "Follows the light from day to night without flicker: first the exposure time is raised, then the gain.",
};

/** @param {() => void} changed @returns {Part} */
export function exposurePart(changed) {
  const mode = choice("Exposure and colours", [["auto", "Automatic"], ["fixed", "Same for all"], ["smooth", "Day to night"]], () => {
    show();
    changed();
  });
  const hint = el("span", { class: "hint" });
  mode.element.append(hint);
  const longest = el("input", { type: "number", min: 0.001, max: 100, step: "any", inputmode: "decimal" });
  const gain = el("input", { type: "number", min: 1, max: 64, step: "any", inputmode: "decimal", value: 8 });
  const time = field("Longest exposure", [longest], { units: "s", hint: "Empty: as the interval allows." });
  const limit = field("Highest gain", [gain]);
  const problem = el("span", { class: "problem", role: "alert" });
  const limits = el("div", { class: "field-pair" }, time.element, limit.element);
  const element = el("div", { class: "form-part" }, mode.element, limits, problem);
  /** What the form has no fields for. @type {Record<string, any>} */
  let rest = {};

  function show() {
    limits.hidden = mode.value !== "smooth";
    hint.textContent = HINTS[/** @type {keyof HINTS} */ (mode.value)];
  }

  show();
  return {
    element,
    read: () => ({
      fixed: mode.value === "fixed",
      smooth: mode.value === "smooth" ? { ...rest, longest_s: longest.value ? Number(longest.value) : null, gain: gain.value ? Number(gain.value) : null } : null,
    }),
    write: ({ fixed, smooth }) => {
      mode.value = smooth ? "smooth" : fixed ? "fixed" : "auto";
      if (smooth) [longest.value, gain.value, rest] = [String(smooth.longest_s ?? ""), String(smooth.gain ?? ""), smooth];
      show();
    },
    complain: (error) => {
      problem.textContent = errorText(error);
    },
  };
}
