// @ts-check
/** Part of a series' form: what changes from shot to shot (a bracket at every moment, or a walk from one value to the next). */

import { el } from "../../base/dom.js";
import { field, select } from "../../base/fields.js";

/** @typedef {import("./form.js").Part} Part */

/** What can vary: control, bracket, words, unit, values at first. @type {Record<string, [string, boolean, string, string, string]>} */
const KINDS = {
  exposure: ["ExposureValue", true, "Exposure bracket: several pictures each time", "Exposure compensations in EV, separated by commas.", "-2, 0, 2"],
  times: ["ExposureTime", true, "Bracket of exposure times", "Exposure times in seconds, separated by commas.", "1/500, 1/60, 1/8"],
  gains: ["AnalogueGain", true, "Bracket of gains", "Gains, separated by commas.", "1, 2, 4, 8"],
  stack: ["LensPosition", true, "Focus stack: several pictures each time", "Lens positions in dioptres (1 divided by metres; 0 is infinity).", "0, 1, 2, 4"],
  focus: ["LensPosition", false, "Focus series: one step per picture, until the last step", "In dioptres (1 divided by metres; 0 is infinity): from, to and step, or all values separated by commas.", "0 to 10 by 0.5"],
};

const WORDS = /** @type {[string, string][]} */ ([["none", "Nothing"], ...Object.entries(KINDS).map(([key, [, , words]]) => [key, words])]);

/** @param {() => void} changed @returns {Part & {disabled: boolean}} */
export function varyPart(changed) {
  const kind = select(WORDS);
  const values = el("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  const chosen = field("What changes from picture to picture", [kind]);
  const these = field("Values", [values]);
  const element = el("div", { class: "form-part" }, chosen.element, these.element);

  function show() {
    const row = KINDS[kind.value];
    these.element.hidden = !row;
    const hint = these.element.querySelector(".hint");
    if (row && hint) hint.textContent = row[3];
  }

  kind.addEventListener("change", () => {
    values.value = KINDS[kind.value]?.[4] ?? "";
    show();
    changed();
  });
  values.addEventListener("input", changed);
  show();
  return {
    element,
    read: () => ({ vary: varied(kind.value, values.value) }),
    write: ({ vary }) => {
      const same = (/** @type {[string, any[]]} */ [, [control, bracket]]) => control === vary?.control && bracket === Boolean(vary?.bracket);
      kind.value = vary ? (Object.entries(KINDS).find(same)?.[0] ?? "none") : "none";
      values.value = vary ? written(kind.value, vary) : "";
      show();
    },
    complain: these.complain,
    get disabled() {
      return kind.disabled;
    },
    set disabled(on) {
      kind.disabled = values.disabled = on;
    },
  };
}

/**
 * @param {string} kind  of KINDS
 * @param {string} text
 */
export function varied(kind, text) {
  const row = KINDS[kind];
  if (!row) return null;
  const [control, bracket] = row;
  const walk = /^\s*(\S+)\s+to\s+(\S+)\s+by\s+(\S+)\s*$/.exec(text)?.slice(1).map(number);
  const numbers = walk ? steps(walk[0], walk[1], walk[2]) : text.split(/[,;]\s*|\s+/).filter(Boolean).map(number);
  return { control, values: control === "ExposureTime" ? numbers.map((seconds) => Math.round(seconds * 1e6)) : numbers, bracket };
}

const MAX_STEPS = 1000; // the server refuses far fewer, in words

/** From one number to another. @param {number} from @param {number} to @param {number} step  its sign does not matter */
function steps(from, to, step) {
  const width = Math.abs(step);
  const count = width > 0 ? Math.min(MAX_STEPS, Math.floor(Math.abs(to - from) / width + 1e-9) + 1) : 1;
  return Array.from({ length: count }, (_, index) => Number((from + Math.sign(to - from) * width * index).toFixed(4)));
}

/** "1/60" or "0.5"; NaN, which JSON has as null, is refused by the server in words. @param {string} text */
function number(text) {
  const [above, below = "1", ...rest] = text.replace("−", "-").split("/");
  return rest.length ? NaN : Number(above) / Number(below);
}

/** @param {string} kind @param {{control: string, values: number[]}} vary */
function written(kind, { control, values }) {
  const [first, second] = values;
  const even = values.every((value, index) => Math.abs(value - (first + (second - first) * index)) < 1e-4);
  if (kind === "focus" && even) return `${first} to ${values[values.length - 1]} by ${Math.abs(Number((second - first).toFixed(4)))}`;
  return values.map((value) => (control === "ExposureTime" ? value / 1e6 : value)).join(", ");
}
