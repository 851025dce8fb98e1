// @ts-check
/** The blocks of the picture that the detector sees change, drawn over the picture. */

import { uniqueId } from "../../base/dom.js";
import { svg } from "../../base/svg.js";

const HATCH = 0.75; // of a block, from one line to the next

/** @typedef {import("./levels.js").Levels} Levels */

/** A square for each block. @param {[number, number][]} blocks */
const squares = (blocks) => blocks.map(([column, row]) => `M${column} ${row}h1v1h-1z`).join("");

export class Blocks {
  element;
  #masked;
  #others;
  #counting;

  constructor() {
    const hatch = uniqueId("hatch");
    const line = svg("path", { d: `M0 ${HATCH}L${HATCH} 0`, class: "block-hatch" });
    const shade = svg("rect", { width: HATCH, height: HATCH, class: "block-shade" });
    const pattern = svg("pattern", { id: hatch, width: HATCH, height: HATCH, patternUnits: "userSpaceOnUse" }, shade, line);
    this.#masked = svg("path", { class: "blocks-masked", fill: `url(#${hatch})` });
    this.#others = svg("path", { class: "blocks-others" });
    this.#counting = svg("path", { class: "blocks-counting" });
    this.element = svg("svg", { class: "motion-blocks", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("defs", {}, pattern), this.#masked, this.#others, this.#counting);
  }

  /**
   * @param {Levels | null} levels  null: nothing is known
   * @param {boolean} [hatched]  whether the parts are hatched in which motion does not count
   */
  show(levels, hatched = false) {
    const { columns = 0, rows = 0, mask = null } = levels ?? {};
    const fresh = levels && !levels.reason;
    this.element.setAttribute("viewBox", `0 0 ${columns || 1} ${rows || 1}`);
    const excluded = ((hatched && mask) || []).flatMap((text, row) =>
      Array.from(text, (counts, column) => (counts === "0" ? [[column, row]] : [])).flat());
    this.#masked.setAttribute("d", squares(/** @type {[number, number][]} */ (excluded)));
    this.#others.setAttribute("d", fresh ? squares(levels.others) : "");
    this.#counting.setAttribute("d", fresh ? squares(levels.blocks) : "");
  }
}
