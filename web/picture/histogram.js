// @ts-check
/**
 * How bright the picture is: counted on a small copy of it, drawn as curves.
 *
 * The copy is a few thousand pixels, so that counting costs less than drawing
 * the frame did, whatever the size of the picture.
 */

import { el } from "../base/dom.js";
import { readable, UNREADABLE } from "./readable.js";

/**
 * How many pixels have each of 256 values.
 * @typedef {object} Counts
 * @property {Uint32Array} luminance  as BT.601, which JPEG uses
 * @property {Uint32Array} red
 * @property {Uint32Array} green
 * @property {Uint32Array} blue
 * @property {number} total
 */

const SVG = "http://www.w3.org/2000/svg";
const CURVES = /** @type {const} */ (["red", "green", "blue", "luminance"]);
const COPY_WIDTH = 160;
const ZEBRA_WIDTH = 480;
const BRIGHT = 250; // from here on a pixel counts as over-exposed

/** A small copy of the picture, again and again on the same canvas. */
export class Copy {
  #canvas = document.createElement("canvas");
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d", { willReadFrequently: true }));

  /**
   * The pixels of `source`, at most `width` in a row.
   * @param {HTMLCanvasElement | HTMLImageElement} source
   * @param {number} [width]
   */
  of(source, width = COPY_WIDTH) {
    const [across, down] = source instanceof HTMLImageElement ? [source.naturalWidth, source.naturalHeight] : [source.width, source.height];
    const w = Math.max(1, Math.min(width, across));
    const h = Math.max(1, Math.round((w * down) / across));
    if (this.#canvas.width !== w || this.#canvas.height !== h) Object.assign(this.#canvas, { width: w, height: h });
    this.#context.drawImage(source, 0, 0, w, h);
    return this.#context.getImageData(0, 0, w, h);
  }
}

/**
 * @param {{data: Uint8ClampedArray}} pixels  RGBA
 * @returns {Counts}
 */
export function count({ data }) {
  const [luminance, red, green, blue] = Array.from({ length: 4 }, () => new Uint32Array(256));
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    red[r]++;
    green[g]++;
    blue[b]++;
    luminance[(r * 77 + g * 150 + b * 29 + 128) >> 8]++;
  }
  return { luminance, red, green, blue, total: data.length / 4 };
}

/**
 * The share of over- and under-exposed pixels, 0 to 1.
 * @param {Counts} counts
 */
export function clipped({ luminance, total }) {
  const sum = (/** @type {number} */ from, /** @type {number} */ to) =>
    luminance.subarray(from, to).reduce((all, some) => all + some, 0) / total;
  return { over: sum(BRIGHT, 256), under: sum(0, 256 - BRIGHT) };
}

/**
 * A curve as the `d` of an SVG path in a box of 256 by 100, its area filled.
 *
 * The highest value that is not at either end fills the height: a clipped sky would flatten all the rest.
 * @param {Uint32Array} values
 * @param {number} top  the count that fills the height
 */
export function curve(values, top) {
  const points = Array.from(values, (value, i) => `L${i} ${(100 - Math.min(1, value / top) * 100).toFixed(1)}`);
  return `M0 100${points.join("")}L255 100Z`;
}

/** What is to fill the height. @param {Counts} counts */
export function height({ luminance, red, green, blue }) {
  return Math.max(1, ...[luminance, red, green, blue].map((values) => Math.max(...values.subarray(2, 254))));
}

/**
 * Stripes where the picture is over-exposed; clear elsewhere.
 * @param {ImageData} pixels  is changed
 * @param {number} phase  of the stripes, pixels
 */
export function zebra(pixels, phase = 0) {
  const { data, width } = pixels;
  for (let i = 0; i < data.length; i += 4) {
    const bright = Math.max(data[i], data[i + 1], data[i + 2]) >= BRIGHT;
    const at = i / 4;
    const stripe = ((at % width) + Math.floor(at / width) + phase) % 8 < 4;
    data[i] = data[i + 1] = data[i + 2] = stripe ? 0 : 255;
    data[i + 3] = bright ? 255 : 0;
  }
  return pixels;
}

/** Stripes over the picture, drawn once for each frame. */
export class Stripes {
  #copy = new Copy();
  #canvas;

  /** @param {HTMLCanvasElement} canvas  over the picture */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** The picture has changed. @param {HTMLCanvasElement} picture */
  update(picture) {
    if (this.#canvas.hidden) return;
    const pixels = zebra(this.#copy.of(picture, ZEBRA_WIDTH));
    Object.assign(this.#canvas, { width: pixels.width, height: pixels.height });
    this.#canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  }
}

/** The histogram of the picture, drawn once for each frame. */
export class HistogramPanel {
  #copy = new Copy();
  #paths = CURVES.map((name) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return path;
  });
  #svg = document.createElementNS(SVG, "svg");
  #words = el("figcaption");
  element;

  constructor() {
    this.#svg.setAttribute("viewBox", "0 0 255 100");
    this.#svg.setAttribute("preserveAspectRatio", "none");
    this.#svg.setAttribute("role", "img");
    this.#svg.setAttribute("aria-label", "Histogram: from black on the left to white on the right");
    this.#svg.append(...this.#paths);
    this.element = el("figure", { class: "histogram", hidden: true }, this.#svg, this.#words);
  }

  /**
   * The picture has changed.
   * @param {HTMLCanvasElement | HTMLImageElement} picture
   * @param {number} [width]  how many pixels in a row are looked at
   */
  update(picture, width) {
    if (this.element.hidden) return;
    if (!readable()) {
      this.#words.textContent = `The histogram is unavailable: ${UNREADABLE}.`;
      return;
    }
    const counts = count(this.#copy.of(picture, width));
    const top = height(counts);
    CURVES.forEach((name, i) => this.#paths[i].setAttribute("d", curve(counts[name], top)));
    const { over, under } = clipped(counts);
    this.#words.textContent = `${percent(under)} black, ${percent(over)} over-exposed`;
  }

  /** There is no picture yet: its place stays. */
  clear() {
    for (const path of this.#paths) path.removeAttribute("d");
    this.#words.textContent = "…";
  }
}

/** @param {number} part */
const percent = (part) => (part > 0 && part < 0.001 ? "< 0.1 %" : `${(100 * part).toFixed(1)} %`);
