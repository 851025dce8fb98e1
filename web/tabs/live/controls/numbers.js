// @ts-check
/**
 * Numbers of controls: where they are on a slider, and how a person reads and
 * types them. An exposure is read as photographers write it: 1/125 s.
 */

/**
 * A row of `api/controls`.
 * @typedef {object} Control
 * @property {string} name  libcamera's
 * @property {string} group
 * @property {"bool"|"int"|"float"|"choice"|"pair"|"crop"|"windows"|"matrix"} type
 * @property {string} unit
 * @property {number | null} low
 * @property {number | null} high
 * @property {number | null} step
 * @property {"linear" | "log"} scale
 * @property {{value: string, text: string}[]} choices
 * @property {any} default  null: it depends
 * @property {string} text  what it does
 * @property {boolean} available
 * @property {string | null} reason  why it is not available
 * @property {{control: string, values: any[], text: string, ending_value: any} | null} overridden_by  another control that disables this one while it has one of these values
 * @property {string[]} needs  without these it cannot be set; a `bool`: cannot be off
 */

/** Steps from one end of a logarithmic slider to the other. */
export const SLIDER_STEPS = 1000;

const SECOND_US = 1_000_000;

/** Ends that leave no value out, but use of which would make a slider useless. @type {Record<string, [number, number]>} */
const USUAL = {
  ExposureTime: [30, 30 * SECOND_US],
  FrameDurationLimits: [8_000, 10 * SECOND_US],
  AeFlickerPeriod: [5_000, 20_000],
  AnalogueGain: [1, 16],
  LensPosition: [0, 12],
  Contrast: [0, 3],
  Saturation: [0, 3],
  Sharpness: [0, 4],
  ColourGains: [0.5, 5],
  ColourCorrectionMatrix: [-3, 3],
};

/**
 * The ends of a control's slider: of the numbers that people use, where the control allows far more.
 * The number field takes them all.
 * @param {Control} control
 * @returns {[number, number]}
 */
export function ends({ name, low, high }) {
  const [least, most] = USUAL[name] ?? [-Infinity, Infinity];
  return [Math.max(low ?? 0, least), Math.min(high ?? 1, most)];
}

/**
 * Where `value` is between the ends: 0 to 1, on the control's scale.
 * @param {Control} control
 * @param {number} value
 */
export function fraction(control, value) {
  const [low, high] = ends(control);
  const within = Math.min(high, Math.max(low, value));
  if (control.scale === "log") return Math.log(within / low) / Math.log(high / low);
  return (within - low) / (high - low);
}

/**
 * The value at `part` (0 to 1) of the slider, rounded as far as nobody would see a difference.
 * @param {Control} control
 * @param {number} part
 */
export function valueAt(control, part) {
  const [low, high] = ends(control);
  if (control.scale === "log") return rounded(control, significant(low * (high / low) ** part, 3));
  return rounded(control, low + (high - low) * part);
}

/**
 * A value that the control takes, as near as it gets.
 * @param {Control} control
 * @param {number} value
 */
export function allowed(control, value) {
  return rounded(control, Math.min(control.high ?? Infinity, Math.max(control.low ?? -Infinity, value)));
}

/** @param {Control} control @param {number} value */
function rounded(control, value) {
  if (control.type === "int" || control.unit === "µs") return Math.round(value);
  const decimals = control.scale === "log" ? 2 : places(control.step ?? 0.01);
  return Number(value.toFixed(decimals));
}

/** Decimals that a step has. @param {number} step */
const places = (step) => (String(step).split(".")[1] ?? "").length;

/** @param {number} value @param {number} digits */
const significant = (value, digits) => Number(value.toPrecision(digits));

/**
 * A time of exposure for people: "1/125 s", "0.4 s", "2 s".
 * @param {number} time_us
 */
export function exposure(time_us) {
  const seconds = time_us / SECOND_US;
  if (seconds >= 0.3) return `${significant(seconds, 3)} s`;
  const share = 1 / seconds;
  return `1/${share < 10 ? significant(share, 2) : significant(Math.round(share), 3)} s`;
}

/**
 * What somebody typed into a number field, or null where it is none.
 * Times may be "1/125", "0.5 s", "20 ms", "8000 µs"; a bare number is in the control's unit.
 * @param {Control} control
 * @param {string} text
 * @returns {number | null}
 */
export function typed(control, text) {
  const clean = text.trim().replace(",", ".").replace("−", "-");
  const parts = /^([+-]?\d*\.?\d+)(?:\s*\/\s*(\d*\.?\d+))?\s*(s|ms|µs|μs|us)?$/i.exec(clean);
  if (!parts) return null;
  const [, number, below, unit] = parts;
  const time = control.unit === "µs";
  if ((below || unit) && !time) return null;
  const value = Number(number) / Number(below ?? 1);
  const factor = { s: SECOND_US, ms: 1000 }[(unit ?? (below ? "s" : "")).toLowerCase()] ?? 1;
  return Number.isFinite(value) ? allowed(control, value * factor) : null;
}

/**
 * A value as it stands in its number field.
 * @param {Control} control
 * @param {number} value
 */
export function written(control, value) {
  return control.unit === "µs" ? exposure(value) : String(rounded(control, value));
}

/**
 * How far an object is on which the lens focuses.
 * @param {number} dioptres
 */
export function distance(dioptres) {
  if (dioptres <= 0.005) return "infinity";
  const metres = 1 / dioptres;
  return metres < 1 ? `${significant(metres * 100, 2)} cm` : `${significant(metres, metres < 10 ? 2 : 3)} m`;
}
