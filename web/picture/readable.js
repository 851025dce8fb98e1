// @ts-check
/** Whether the browser gives the pixels of a canvas as they were drawn: what is measured on them is switched off if not. */

const KNOWN = [[200, 40, 90], [10, 220, 130], [0, 0, 0], [255, 255, 255]];
const NEAR = 3; // some browsers change the lowest bit or two, which no curve shows

/** What is said where the pixels cannot be read. */
export const UNREADABLE = "this browser returns false pixel values, as protection against fingerprinting";

/** @type {boolean | null} */
let found = null;

/** Known pixels are drawn and read back, once. */
export function readable() {
  if (found !== null) return found;
  const canvas = Object.assign(document.createElement("canvas"), { width: KNOWN.length, height: 1 });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  KNOWN.forEach((colour, x) => {
    context.fillStyle = `rgb(${colour.join(" ")})`;
    context.fillRect(x, 0, 1, 1);
  });
  const { data } = context.getImageData(0, 0, KNOWN.length, 1);
  return (found = KNOWN.every((colour, x) => colour.every((value, i) => Math.abs(data[4 * x + i] - value) <= NEAR)));
}
