// @ts-check
/**
 * Where a point of the picture is on the sensor, and the reverse.
 *
 * Rectangles of controls are in sensor pixels before any flip or rotation, so
 * that they stay on their subject when the picture is turned. What a person
 * draws is in the picture as shown: `u` from left to right and `v` from top to
 * bottom, each 0 to 1.
 */

/** @typedef {[number, number]} Point */
/** @typedef {[number, number, number, number]} Rectangle  x, y, width, height */

export class SensorView {
  /** What of the sensor the picture shows. @type {Rectangle} */
  crop;
  #turns;
  #mirrored;

  /**
   * @param {Rectangle} crop  of the newest frame's metadata
   * @param {{rotation?: number, hflip?: boolean, vflip?: boolean}} camera  settings; the rotation is clockwise
   * @param {{hflip?: boolean, vflip?: boolean}} live  settings: flips again what the camera flips
   */
  constructor(crop, camera, live) {
    this.crop = crop;
    this.#turns = ((camera.rotation ?? 0) / 90) % 4;
    this.#mirrored = [camera.hflip !== live.hflip, camera.vflip !== live.vflip];
  }

  /** The picture lies on its side. */
  get sideways() {
    return this.#turns % 2 === 1;
  }

  /**
   * @param {Point} point  of the picture
   * @returns {Point} of the sensor
   */
  toSensor([u, v]) {
    for (let turn = 0; turn < this.#turns; turn++) [u, v] = [v, 1 - u];
    const [x, y, width, height] = this.crop;
    return [x + this.#mirror(0, u) * width, y + this.#mirror(1, v) * height];
  }

  /**
   * @param {Point} point  of the sensor
   * @returns {Point} of the picture; outside 0 to 1 where the picture does not show it
   */
  toPicture([sensorX, sensorY]) {
    const [x, y, width, height] = this.crop;
    let [u, v] = [this.#mirror(0, (sensorX - x) / width), this.#mirror(1, (sensorY - y) / height)];
    for (let turn = 0; turn < this.#turns; turn++) [u, v] = [1 - v, u];
    return [u, v];
  }

  /**
   * @param {Rectangle} rectangle  of the picture
   * @returns {Rectangle} in whole sensor pixels
   */
  rectangleToSensor([u, v, width, height]) {
    const [x, y, w, h] = spanned(this.toSensor([u, v]), this.toSensor([u + width, v + height]));
    return [Math.round(x), Math.round(y), Math.round(w), Math.round(h)];
  }

  /**
   * @param {Rectangle} rectangle  of the sensor
   * @returns {Rectangle} of the picture
   */
  rectangleToPicture([x, y, width, height]) {
    return spanned(this.toPicture([x, y]), this.toPicture([x + width, y + height]));
  }

  /** @param {0 | 1} axis @param {number} part */
  #mirror(axis, part) {
    return this.#mirrored[axis] ? 1 - part : part;
  }
}

/**
 * The rectangle of which two opposite corners are given.
 * @param {Point} one
 * @param {Point} other
 * @returns {Rectangle}
 */
export function spanned([x1, y1], [x2, y2]) {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.abs(x2 - x1), Math.abs(y2 - y1)];
}
