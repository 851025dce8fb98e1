// @ts-check
/**
 * Rectangles that a person draws, moves and resizes: they stay within `bounds`,
 * and no side gets shorter than `least`. All lengths are of one kind, whichever.
 */

import { spanned } from "../../../picture/sensor-view.js";

/** @typedef {import("../../../picture/sensor-view.js").Point} Point */
/** @typedef {import("../../../picture/sensor-view.js").Rectangle} Rectangle */
/** @typedef {"nw" | "ne" | "sw" | "se"} Corner */

/**
 * The whole of a picture, as fractions.
 * @type {Rectangle}
 */
export const WHOLE = [0, 0, 1, 1];

/**
 * @param {Rectangle} rectangle
 * @param {number} right
 * @param {number} down
 * @param {Rectangle} bounds
 * @returns {Rectangle}
 */
export function moved([x, y, width, height], right, down, bounds) {
  const [w, h] = [Math.min(width, bounds[2]), Math.min(height, bounds[3])];
  return [
    between(x + right, bounds[0], bounds[0] + bounds[2] - w),
    between(y + down, bounds[1], bounds[1] + bounds[3] - h),
    w,
    h,
  ];
}

/**
 * Wider and higher by so much, its middle staying where it is as far as the bounds allow.
 * @param {Rectangle} rectangle
 * @param {number} wider
 * @param {number} higher
 * @param {Rectangle} bounds
 * @param {number} least
 * @returns {Rectangle}
 */
export function resized([x, y, width, height], wider, higher, bounds, least) {
  const w = between(width + wider, Math.min(least, bounds[2]), bounds[2]);
  const h = between(height + higher, Math.min(least, bounds[3]), bounds[3]);
  return moved([x + (width - w) / 2, y + (height - h) / 2, w, h], 0, 0, bounds);
}

/**
 * With one corner at `point`, the opposite one where it is.
 * @param {Rectangle} rectangle
 * @param {Corner} corner
 * @param {Point} point
 * @param {Rectangle} bounds
 * @param {number} least
 * @returns {Rectangle}
 */
export function pulled([x, y, width, height], corner, point, bounds, least) {
  /** @type {Point} */
  const fixed = [corner.includes("w") ? x + width : x, corner.includes("n") ? y + height : y];
  return drawn(fixed, point, bounds, least, [corner.includes("w") ? -1 : 1, corner.includes("n") ? -1 : 1]);
}

/**
 * From one corner to the other.
 * @param {Point} from
 * @param {Point} to
 * @param {Rectangle} bounds
 * @param {number} least
 * @param {Point} [towards]  signs: where it grows to if it has no extent
 * @returns {Rectangle}
 */
export function drawn(from, to, bounds, least, towards = [1, 1]) {
  const start = inside(from, bounds);
  const end = inside(to, bounds);
  const far = [0, 1].map((axis) => {
    const extent = end[axis] - start[axis];
    const sign = Math.sign(extent) || towards[axis];
    return start[axis] + sign * Math.max(least, Math.abs(extent));
  });
  return moved(spanned(start, /** @type {Point} */ (far)), 0, 0, bounds);
}

/**
 * `factor` times as large (below 1: smaller), `point` staying where it is in proportion.
 * @param {Rectangle} rectangle
 * @param {number} factor
 * @param {Point} point
 * @param {Rectangle} bounds
 * @param {number} least
 * @returns {Rectangle}
 */
export function scaled([x, y, width, height], factor, point, bounds, least) {
  const most = Math.min(bounds[2] / width, bounds[3] / height);
  const times = Math.min(most, Math.max(factor, least / Math.min(width, height)));
  const left = point[0] - (point[0] - x) * times;
  const top = point[1] - (point[1] - y) * times;
  return moved([left, top, width * times, height * times], 0, 0, bounds);
}

/**
 * The smallest rectangle of this aspect around `rectangle`, as far as it fits.
 * @param {Rectangle} rectangle
 * @param {number} aspect  width by height
 * @param {Rectangle} bounds
 * @returns {Rectangle}
 */
export function grown([x, y, width, height], aspect, bounds) {
  const w = Math.min(Math.max(width, height * aspect), bounds[2], bounds[3] * aspect);
  const h = w / aspect;
  return moved([x + (width - w) / 2, y + (height - h) / 2, w, h], 0, 0, bounds);
}

/** @param {Rectangle} rectangle @returns {Point} */
export const middle = ([x, y, width, height]) => [x + width / 2, y + height / 2];

/** @param {Rectangle} rectangle @param {Point} point */
export const holds = ([x, y, width, height], [px, py]) => px >= x && px <= x + width && py >= y && py <= y + height;

/** @param {Point} point @param {Rectangle} bounds @returns {Point} */
const inside = ([x, y], bounds) => [
  between(x, bounds[0], bounds[0] + bounds[2]),
  between(y, bounds[1], bounds[1] + bounds[3]),
];

/** @param {number} value @param {number} low @param {number} high */
const between = (value, low, high) => Math.min(Math.max(low, high), Math.max(low, value));
