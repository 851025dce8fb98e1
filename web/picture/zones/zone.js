// @ts-check
/**
 * Zones as values: their texts in the settings, their corners, and which part of the picture they cover.
 *
 * Corners are in pixels of the whole sensor, as the server has them. A rectangle has two, opposite ones, in `points`
 * and four in its outline; what changes one corner of it keeps it a rectangle, with its corners in the same order.
 */

/** @typedef {[number, number]} Point */
/** @typedef {{include: boolean, points: Point[]}} Zone */

export const MOST_CORNERS = 32;
const EDGE = 0.002; // of the picture: corners at its edge are within it, in spite of rounding to pixels

/** @param {string} text  of a row of `motion.zones` @returns {Zone} */
export function zoneOf(text) {
  const [kind, ...corners] = text.split(/\s+/);
  return { include: kind === "include", points: corners.map((corner) => /** @type {Point} */ (corner.split(",").map(Number))) };
}

/** @param {Zone} zone */
export const textOf = ({ include, points }) => [include ? "include" : "exclude", ...points.map((point) => point.join())].join(" ");

/** @param {string} text  of a row of `privacy.masks` @returns {Zone} */
export const maskOf = (text) => zoneOf(`exclude ${text}`);

/** @param {Zone} mask */
export const maskText = ({ points }) => points.map((point) => point.join()).join(" ");

/** @param {Zone} zone */
export const isRectangle = ({ points }) => points.length === 2;

/** All corners, also of a rectangle. @param {Zone} zone @returns {Point[]} */
export function outline({ points }) {
  if (points.length > 2) return points;
  const [[left, top], [right, bottom]] = points;
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** @param {Zone} zone @param {number} index  of a corner in the outline @param {Point} to @returns {Zone} */
export function withCornerAt(zone, index, to) {
  if (!isRectangle(zone)) return { ...zone, points: zone.points.map((point, i) => (i === index ? to : point)) };
  const fixed = outline(zone)[(index + 2) % 4];
  const across = index === 0 || index === 3 ? [to[0], fixed[0]] : [fixed[0], to[0]];
  const down = index < 2 ? [to[1], fixed[1]] : [fixed[1], to[1]];
  return { ...zone, points: [[across[0], down[0]], [across[1], down[1]]] };
}

/** A polygon with one more corner, after that of this index. @param {Zone} zone @param {number} index @param {Point} at @returns {Zone} */
export function withCornerAfter(zone, index, at) {
  const corners = outline(zone);
  return { ...zone, points: [...corners.slice(0, index + 1), at, ...corners.slice(index + 1)] };
}

/** @param {Zone} zone @param {number} index @returns {Zone} */
export const withoutCorner = (zone, index) => ({ ...zone, points: outline(zone).filter((_, i) => i !== index) });

/** Moved by so much, as far as the sensor goes. @param {Zone} zone @param {Point} by @param {[number, number]} size  of the sensor @returns {Zone} */
export function movedBy(zone, by, size) {
  const [right, down] = by.map((wanted, axis) => {
    const places = zone.points.map((point) => point[axis]);
    return between(Math.round(wanted), Math.min(0, -Math.min(...places)), Math.max(0, size[axis] - Math.max(...places)));
  });
  return { ...zone, points: zone.points.map(([x, y]) => [x + right, y + down]) };
}

/** The nearest pixel of the sensor. @param {Point} point @param {[number, number]} size @returns {Point} */
export const onSensor = ([x, y], [width, height]) => [between(Math.round(x), 0, width), between(Math.round(y), 0, height)];

/**
 * How much of the picture a polygon covers, how much of the polygon is in it, and where.
 * @param {Point[]} corners  as fractions of the picture
 * @returns {{share: number, seen: "whole" | "part" | "none", place: string}}
 */
export function coverage(corners) {
  const within = corners.every((point) => point.every((part) => part >= -EDGE && part <= 1 + EDGE));
  const inside = clipped(corners);
  const share = area(inside);
  if (share < 1e-6) return { share: 0, seen: "none", place: "" };
  const [x, y] = [0, 1].map((axis) => (Math.min(...inside.map((one) => one[axis])) + Math.max(...inside.map((one) => one[axis]))) / 2);
  const place = [["top", "", "bottom"][third(y)], ["left", "", "right"][third(x)]].filter(Boolean).join(" ") || "middle";
  return { share, seen: within ? "whole" : "part", place };
}

/** The part of a polygon within the picture (Sutherland and Hodgman). @param {Point[]} corners */
function clipped(corners) {
  let left = corners;
  for (const axis of [0, 1]) {
    for (const [limit, sign] of [[0, 1], [1, -1]]) {
      const depth = (/** @type {Point} */ point) => sign * (point[axis] - limit);
      left = left.flatMap((point, i) => {
        const before = left.at(i - 1) ?? point;
        const [one, other] = [depth(before), depth(point)];
        const crossing = one < 0 !== other < 0 ? [/** @type {Point} */ (before.map((part, k) => part + ((point[k] - part) * one) / (one - other)))] : [];
        return other < 0 ? crossing : [...crossing, point];
      });
    }
  }
  return left;
}

/** @param {Point[]} corners */
function area(corners) {
  const twice = corners.reduce((sum, [x, y], i) => {
    const [fromX, fromY] = corners.at(i - 1) ?? [x, y];
    return sum + fromX * y - x * fromY;
  }, 0);
  return Math.abs(twice) / 2;
}

/** @param {number} part  0 to 1 */
const third = (part) => Math.min(2, Math.floor(part * 3));

/** @param {number} value @param {number} low @param {number} high */
const between = (value, low, high) => Math.min(high, Math.max(low, value));
