// @ts-check
/**
 * What zones look like over the picture: their outlines, and of the selected one its corners, with a mark on each edge
 * that adds one. Outlines are drawn in proportion to the picture, whatever its size on the screen.
 */

import { el } from "../../base/dom.js";
import { svg } from "../../base/svg.js";
import { MOST_CORNERS, outline } from "./zone.js";

/** @typedef {import("./zone.js").Point} Point */
/** @typedef {import("./zone.js").Zone} Zone */

/**
 * @typedef {object} Touched  what happens with a pointer or a key
 * @property {(event: PointerEvent | KeyboardEvent, index: number) => void} zone
 * @property {(event: PointerEvent | KeyboardEvent, index: number, adds: boolean) => void} corner  of the selected zone; `adds`: the mark on the edge after it
 */

const WIDE = 1000; // of the drawing
const LEAST_EDGE_PX = 76; // of the screen: room for a mark between two corners
const SEEN = 0.005; // of the picture: a corner at its very edge is seen
const CORNER_HELP = "Arrow keys move it, with Shift in small steps. Plus adds a corner after it, Delete deletes it.";
const ZONE_HELP = "Arrow keys move it, with Shift in small steps. Delete deletes it.";

export class ZoneShapes {
  element;
  #picture;
  #touched;
  #word;
  #svg = svg("svg", { preserveAspectRatio: "none" });
  #shapes = svg("g");
  #handles = el("div", { class: "zone-handles" });

  /** @param {import("./picture.js").ZonePicture} picture @param {string} word  what one is called @param {Touched} touched */
  constructor(picture, word, touched) {
    this.#picture = picture;
    this.#word = word;
    this.#touched = touched;
    this.#svg.append(hatch(), this.#shapes);
    this.element = picture.layer();
    this.element.classList.add("zone-layer");
    this.element.append(this.#svg, this.#handles);
  }

  /**
   * @param {Zone[]} zones
   * @param {number} selected  -1: none
   * @param {boolean} dragged  a person drags something of the selected one: nothing of it is hidden
   */
  show(zones, selected, dragged) {
    const high = WIDE / this.#picture.aspect;
    this.#svg.setAttribute("viewBox", `0 0 ${WIDE} ${high}`);
    const drawn = zones.map((zone) => outline(zone).map((point) => this.#picture.fromSensor(point)));
    resize(this.#shapes, zones.length, (index) => this.#shape(index));
    zones.forEach(({ include }, index) => {
      const shape = this.#shapes.children[index];
      const points = drawn[index].map(([u, v]) => `${(u * WIDE).toFixed(2)},${(v * high).toFixed(2)}`).join(" ");
      for (const polygon of shape.children) polygon.setAttribute("points", points);
      const chosen = index === selected;
      set(shape, { class: include ? "zone include" : "zone exclude", "data-selected": chosen ? "" : null });
      set(/** @type {Element} */ (shape.lastElementChild), {
        fill: include ? "transparent" : "url(#zone-hatch)", tabindex: chosen ? "0" : null, role: chosen ? "application" : null,
        "aria-roledescription": chosen ? this.#word.toLowerCase() : null, "aria-label": chosen ? `${this.#word} ${index + 1}. ${ZONE_HELP}` : null,
      });
    });
    this.#showHandles(drawn[selected] ?? [], dragged);
  }

  /** Where an event is in the picture. @param {PointerEvent} event @returns {Point} */
  point({ clientX, clientY }) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  /** Put the focus on a corner of the selected zone, or on the zone. @param {number} [corner] */
  focus(corner) {
    const target = corner === undefined ? this.#shapes.querySelector("[tabindex]") : this.#handles.children[2 * corner];
    /** @type {HTMLElement | null} */ (target)?.focus({ preventScroll: true });
  }

  /** @param {Point[]} corners  of the picture @param {boolean} dragged */
  #showHandles(corners, dragged) {
    const { width, height } = this.element.getBoundingClientRect();
    resize(this.#handles, 2 * corners.length, (index) => this.#handle(index >> 1, index % 2 === 1));
    corners.forEach(([u, v], index) => {
      const [nextU, nextV] = corners[(index + 1) % corners.length];
      const [handle, mark] = [this.#handles.children[2 * index], this.#handles.children[2 * index + 1]];
      const edge_px = Math.hypot((nextU - u) * width, (nextV - v) * height);
      put(handle, [u, v], dragged);
      put(mark, [(u + nextU) / 2, (v + nextV) / 2], dragged, corners.length < MOST_CORNERS && edge_px >= LEAST_EDGE_PX);
      handle.setAttribute("aria-label", `Corner ${index + 1} of ${corners.length}, ${whereabouts([u, v])}. ${CORNER_HELP}`);
    });
  }

  /** @param {number} index */
  #shape(index) {
    const grip = svg("polygon", { class: "zone-grip" });
    for (const kind of ["pointerdown", "keydown"]) grip.addEventListener(kind, (event) => this.#touched.zone(/** @type {any} */ (event), index));
    return svg("g", {}, svg("polygon", { class: "zone-casing" }), grip);
  }

  /** @param {number} index @param {boolean} adds */
  #handle(index, adds) {
    const touched = (/** @type {any} */ event) => this.#touched.corner(event, index, adds);
    const about = adds ? { class: "zone-mark", "aria-hidden": "true" } : { class: "zone-corner", tabindex: "0", role: "application", "aria-roledescription": "corner" };
    return el("span", { ...about, onpointerdown: touched, onkeydown: touched });
  }
}

/** Where a point is, for screen readers. @param {Point} point  of the picture */
export const whereabouts = ([u, v]) => `${Math.round(100 * u)} % from the left, ${Math.round(100 * v)} % from the top`;

/** @param {Element} element @param {Record<string, string | null>} attributes  null: without it */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) value === null ? element.removeAttribute(name) : element.setAttribute(name, value);
}

/** Lines for what excludes, so that not only the colour says it. */
function hatch() {
  return svg("defs", {}, svg("pattern", { id: "zone-hatch", width: 14, height: 14, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { class: "zone-shade", width: 14, height: 14 }), svg("rect", { class: "zone-line", width: 3, height: 14 })));
}

/** Let `parent` have so many children: those that there are stay, as one of them may hold the pointer. @param {Element} parent @param {number} count @param {(index: number) => Element} make */
function resize(parent, count, make) {
  while (parent.childElementCount > count) parent.lastElementChild?.remove();
  while (parent.childElementCount < count) parent.append(make(parent.childElementCount));
}

/** @param {Element} handle @param {Point} point @param {boolean} dragged @param {boolean} [wanted] */
function put(handle, [u, v], dragged, wanted = true) {
  const { style } = /** @type {HTMLElement} */ (handle);
  [style.left, style.top] = [`${(100 * u).toFixed(3)}%`, `${(100 * v).toFixed(3)}%`];
  const seen = Math.min(u, v) >= -SEEN && Math.max(u, v) <= 1 + SEEN;
  /** @type {HTMLElement} */ (handle).hidden = !dragged && !(wanted && seen);
}
