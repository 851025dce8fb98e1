// @ts-check
/** What is known of a camera, in words; the tooltips have libcamera's names. */

import { term } from "../../base/term.js";

/**
 * A sensor mode; null is what the camera does not report.
 * @typedef {{format: string, size: [number, number], bit_depth: number | null, fps: number | null, crop: number[] | null}} Mode
 */

/**
 * @typedef {object} Camera
 * @property {number} index
 * @property {string} model
 * @property {[number, number]} size
 * @property {number | null} bit_depth
 * @property {string | null} colour
 * @property {string} path
 * @property {boolean} held  by another program when cameras were listed
 * @property {Record<string, any>} properties  by libcamera's names
 * @property {Mode[]} modes
 */

/** @typedef {[string | Element, string]} Fact  its name, and its value */

const UNKNOWN = "–";
const COLOURS = /** @type {Record<string, string>} */ ({ MONO: "none (monochrome)" });
const PLACES = /** @type {Record<string, string>} */ ({
  CameraLocationFront: "front of the device", CameraLocationBack: "back of the device", CameraLocationExternal: "external",
});

/** Words for libcamera's names, and how a value is written. @type {Record<string, [string, (value: any) => string]>} */
const WORDS = {
  ColorFilterArrangement: ["Colour filter", (value) => COLOURS[value] ?? value],
  UnitCellSize: ["Pixel size", ([x, y]) => `${x / 1000} × ${y / 1000} µm`],
  Rotation: ["Mounting", (value) => (value ? `rotated by ${value}°` : "upright")],
  Location: ["Location", (value) => PLACES[value] ?? value],
};

/** The columns of a sensor mode. */
export const MODE_HEADS = ["Size", "Bits", "Frame rate (fps)", "Crop", "Format"];

/** @param {Camera} camera @returns {Fact[]} */
export function facts(camera) {
  const { size: [width, height], bit_depth: bits, path, properties } = camera;
  const known = { ColorFilterArrangement: camera.colour, ...properties };
  /** @type {Fact[]} */
  const rows = [
    [term("Resolution", "libcamera: PixelArraySize"), `${width} × ${height} pixels`],
    ["Depth", bits ? `${bits} bits` : ""],
    ...Object.entries(known).filter(([name, value]) => value !== null && name !== "Model" && name !== "PixelArraySize").map(fact),
    [term("Connected at", "libcamera: camera ID"), path],
  ];
  return rows.filter(([, value]) => value);
}

/** @param {[string, any]} property @returns {Fact} */
function fact([name, value]) {
  const [words, written] = WORDS[name] ?? [];
  return words && written ? [term(words, `libcamera: ${name}`), written(value)] : [name, shown(value)];
}

/** @param {Mode} mode */
export function modeFacts({ size, bit_depth, fps, crop, format }) {
  const seen = crop ? `${crop[2]} × ${crop[3]} at ${crop[0]}, ${crop[1]}` : UNKNOWN;
  return [size.join(" × "), bit_depth?.toString() ?? UNKNOWN, fps?.toFixed(1) ?? UNKNOWN, seen, format];
}

/** @param {unknown} value @returns {string} */
function shown(value) {
  if (Array.isArray(value)) return value.every((part) => typeof part === "number") ? value.join(" × ") : value.map(shown).join("; ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
