// @ts-check
/** The level of the last minute against the threshold, as a graph that moves to the left. */

import { el, write } from "../../base/dom.js";
import { MINUTE_MS } from "./levels.js";
import { svg } from "../../base/svg.js";

/** @typedef {import("./levels.js").AgedLook} AgedLook */

const [WIDTH, HEIGHT] = [600, 100]; // of the drawing, stretched to its box
const GAP_MS = 2_500; // between two looks: nothing was seen in between
const LEAST_TOP = 10; // blocks at the upper edge, or more
const TICKS = [0, 1, 3, 10, 30, 100, 300, 1000];
const KINDS = /** @type {const} */ (["ignored", "level", "motion", "threshold"]); // the last one on top

export class LevelGraph {
  element;
  #paths = KINDS.map((kind) => svg("path", { class: `graph-${kind}` }));
  #ticks = TICKS.map((level) => el("span", { class: "graph-tick", text: level }));
  #threshold = el("span", { class: "graph-label" });
  #box;

  constructor() {
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" }, ...this.#paths);
    this.#box = el("div", { class: "graph-box" }, drawing, this.#ticks, this.#threshold);
    this.element = el("div", { class: "level-graph", "aria-hidden": "true" },
      el("span", { class: "graph-unit", text: "Blocks changed" }), this.#box,
      el("div", { class: "graph-times" }, el("span", { text: "60 s ago" }), el("span", { text: "30 s ago" }), el("span", { text: "now" })));
  }

  /** @param {AgedLook[]} looks  oldest first @param {number} threshold  0: not known */
  show(looks, threshold) {
    const top = Math.max(LEAST_TOP, 2 * threshold, ...looks.map(({ level }) => level));
    // Logarithmic: a threshold of 2 blocks is visible beside a change of 500.
    const up = (/** @type {number} */ level) => Math.log1p(level) / Math.log1p(top);
    const y = (/** @type {number} */ level) => HEIGHT * (1 - up(level));
    const drawn = {
      ignored: bands(looks, ({ ignored }) => ignored !== ""),
      motion: bands(looks, ({ motion }) => motion),
      level: runs(looks).map((run) => area(run, y)).join(""),
      threshold: threshold ? `M0 ${y(threshold).toFixed(1)}H${WIDTH}` : "",
    };
    KINDS.forEach((kind, i) => this.#paths[i].setAttribute("d", drawn[kind]));
    this.#ticks.forEach((tick, i) => {
      tick.hidden = TICKS[i] > top;
      tick.style.setProperty("--at", String(up(TICKS[i])));
    });
    this.#threshold.hidden = !threshold;
    this.#threshold.style.setProperty("--at", String(up(threshold)));
    write(this.#threshold, `counts from ${threshold} block${threshold === 1 ? "" : "s"}`);
  }
}

/** @param {AgedLook} look */
const x = ({ age }) => WIDTH * (1 - age / MINUTE_MS);

/** Parts without a gap. @param {AgedLook[]} looks */
function runs(looks) {
  /** @type {AgedLook[][]} */
  const found = [];
  looks.forEach((look, at) => {
    if (at && looks[at - 1].age - look.age <= GAP_MS) found[found.length - 1].push(look);
    else found.push([look]);
  });
  return found;
}

/** Below a run, to the ground. @param {AgedLook[]} run @param {(level: number) => number} y */
function area(run, y) {
  const points = run.map((look) => `L${x(look).toFixed(1)} ${y(look.level).toFixed(1)}`).join("");
  return `M${x(run[0]).toFixed(1)} ${HEIGHT}${points}V${HEIGHT}Z`;
}

/** The whole height, where something holds. @param {AgedLook[]} looks @param {(look: AgedLook) => boolean} holds */
function bands(looks, holds) {
  return runs(looks.filter(holds))
    .map((run) => [x(run[0]) - 1, x(/** @type {AgedLook} */ (run.at(-1))) + 1])
    .map(([from, to]) => `M${from.toFixed(1)} 0H${to.toFixed(1)}V${HEIGHT}H${from.toFixed(1)}Z`)
    .join("");
}
