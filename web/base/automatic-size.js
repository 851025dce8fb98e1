// @ts-check
/** The width or height that an automatic one is now, as the daemon calculates it (settings/geometry.py, camera/use_cases.py). */

/** @typedef {[number, number]} Size */

const STEP = 16; // pixels
const VIDEO_STEP = 2;

/**
 * @param {(name: string) => any} get  a setting by its dotted name
 * @param {Size | undefined} sensor  its size in pixels; undefined: not known
 * @param {string} use  snapshot, live, photo, raw or video
 * @returns {Size | null}  of the picture before the rotation; null: not known
 */
export function pictureSize(get, sensor, use) {
  if (!sensor) return null;
  const step = use === "video" ? VIDEO_STEP : STEP;
  const configuration = get(use === "snapshot" ? "live" : use);
  const { width, height } = get(use);
  const whole = modeSize(configuration.sensor_mode) ?? sensor;
  const aligned = use !== "snapshot" && configuration.align;
  const size = configuration.sync_aspect && use !== "live" && use !== "snapshot" ? filled(width || whole[0], 0, pictureSize(get, sensor, "live") ?? whole, step)
    : use === "video" && width && !aligned && !height ? filled(width, 0, [16, 9], step)
      : filled(width, aligned ? 0 : height, whole, step);
  return use === "video" ? [even(size[0]), even(size[1])] : size;
}

/** @param {number} width @param {number} height  0: follows from the other one @param {Size} whole @param {number} step @returns {Size} */
function filled(width, height, whole, step) {
  if (!width && !height) return whole;
  if (!height) return [width, steps((width * whole[1]) / whole[0], step)];
  return [width || steps((height * whole[0]) / whole[1], step), height];
}

/** To the nearest multiple, as Python rounds. @param {number} length @param {number} step */
function steps(length, step) {
  const ratio = length / step;
  const down = Math.floor(ratio);
  const up = ratio - down > 0.5 || (ratio - down === 0.5 && down % 2 === 1);
  return Math.max(1, down + Number(up)) * step;
}

/** @param {number} length */
const even = (length) => Math.max(2, Math.floor(length / 2) * 2);

/** @param {string} mode  WIDTH:HEIGHT:BITDEPTH, or empty @returns {Size | null} */
function modeSize(mode) {
  const [width, height] = mode.split(":").map(Number);
  return height ? [width, height] : null;
}

/**
 * For a row of settings: the automatic width or height in pixels, "" for any other setting or where it is not known.
 * @param {any} context
 * @param {string} name  dotted
 */
export function automaticSize({ settings, status }, name) {
  const [use, key] = name.split(".");
  if (key !== "width" && key !== "height") return "";
  const size = pictureSize((one) => settings.get(one), status.latest?.capture.camera?.size, use);
  return size ? String(size[key === "width" ? 0 : 1]) : "";
}
