// @ts-check
/**
 * The picture on its canvas: right aspect, one canvas pixel for each pixel of
 * the screen, and no decoded picture kept.
 *
 * What stays between two frames is the JPEG alone (the download needs it): a
 * 12 megapixel bitmap is 48 MB, too much for a phone to hold for a redraw that
 * only a resize asks for.
 */

/** @typedef {import("./request.js").Frame} Frame */

/** The bytes are no picture. */
export class DamagedFrame extends Error {}

export class FrameCanvas {
  /** The frame on the screen. @type {Frame | null} */
  shown = null;
  #canvas;
  #context;

  /** @param {HTMLCanvasElement} canvas  its parent takes the picture's aspect from `--aspect` */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    new ResizeObserver(() => this.#redraw()).observe(canvas);
    canvas.addEventListener("contextrestored", () => this.#redraw());
  }

  /** The age of the frame on the screen, in seconds; null without one. */
  get age_s() {
    return this.shown && Math.max(0, (performance.now() - this.shown.born) / 1000);
  }

  /**
   * Put `frame` on the screen. The one before stays until this one is decoded.
   * @param {Frame} frame
   * @throws {DamagedFrame} the screen is then as it was
   */
  async show(frame) {
    const bitmap = await decoded(frame);
    this.#paint(bitmap);
    this.shown = frame;
  }

  async #redraw() {
    const frame = this.shown;
    if (!frame || this.#fits()) return;
    const bitmap = await decoded(frame);
    if (this.shown === frame) this.#paint(bitmap);
    else bitmap.close();
  }

  /** The canvas's box in pixels of the screen. */
  #size() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const pixels = (/** @type {number} */ css) => Math.max(1, Math.round(css * devicePixelRatio));
    return { width: pixels(width), height: pixels(height) };
  }

  #fits() {
    const { width, height } = this.#size();
    return this.#canvas.width === width && this.#canvas.height === height;
  }

  /** @param {ImageBitmap} bitmap  is freed */
  #paint(bitmap) {
    const canvas = this.#canvas;
    canvas.parentElement?.style.setProperty("--aspect", String(bitmap.width / bitmap.height));
    canvas.hidden = false;
    // Setting the size clears the canvas, so it is done only when it differs, and drawn at once.
    if (!this.#fits()) Object.assign(canvas, this.#size());
    this.#context.imageSmoothingQuality = "high";
    this.#context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
  }
}

/** @param {Frame} frame */
async function decoded(frame) {
  try {
    return await createImageBitmap(frame.blob);
  } catch (error) {
    throw new DamagedFrame("The last picture was damaged.", { cause: error });
  }
}
