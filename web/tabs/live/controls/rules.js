// @ts-check
/**
 * How controls depend on each other, and what the camera does with those that are left to it.
 */

/** @typedef {Record<string, any>} Values  by libcamera's names: those that are set, or metadata */

/** What makes a control wait: another one, with which value, and in words. @type {Record<string, [string, (value: any) => boolean, string]>} */
const WAITS = {
  ExposureTime: ["AeEnable", (value) => value === true, "automatic exposure is on"],
  AnalogueGain: ["AeEnable", (value) => value === true, "automatic exposure is on"],
  ColourGains: ["AwbEnable", (value) => value === true, "automatic white balance is on"],
  ColourCorrectionMatrix: ["AwbEnable", (value) => value === true, "automatic white balance is on"],
  LensPosition: ["AfMode", (value) => value !== undefined && value !== "Manual", "the focus mode is not Manual"],
  AfWindows: ["AfMetering", (value) => value === "Auto", "the camera decides what is to be sharp"],
  AeFlickerPeriod: ["AeFlickerMode", (value) => value === "Off", "flicker avoidance is off"],
};

/** What ends that wait; null: left to the camera, which then follows. @type {Record<string, any>} */
const ENDS_WAIT = { AeEnable: null, AwbEnable: null, AfMode: "Manual", AfMetering: "Windows", AeFlickerMode: "Manual" };

/** A control that is of no use without others, with which value. @type {[string, any, string[]][]} */
const NEEDS = [
  ["AeEnable", false, ["ExposureTime", "AnalogueGain"]],
  ["AwbEnable", false, ["ColourGains"]],
  ["ColourCorrectionMatrix", undefined, ["ColourGains"]],
];

/**
 * Why a control that is set has no effect now; "" where it has.
 * @param {string} name
 * @param {Values} values  the controls that are set
 */
export function waiting(name, values) {
  const [other, holds, words] = WAITS[name] ?? [];
  return other && holds?.(values[other]) ? `Waits: ${words}.` : "";
}

/**
 * All that has to change for a control to have this value, and have an effect.
 * @param {string} name
 * @param {any} value  null: left to the camera
 * @param {Values} values  the controls that are set
 * @param {Values} metadata  of the newest frame: what is needed besides is kept as it is now
 * @returns {Values} as the API takes it
 */
export function change(name, value, values, metadata) {
  /** @type {Values} */
  const changes = { [name]: value };
  if (value === null) {
    for (const [needing, when, needed] of NEEDS) {
      if (needed.includes(name) && is(values[needing], when)) changes[needing] = null;
    }
    return changes;
  }
  const [other, holds] = WAITS[name] ?? [];
  if (other && holds?.(values[other])) changes[other] = ENDS_WAIT[other];
  for (const [needing, when, needed] of NEEDS) {
    if (needing !== name || !is(value, when)) continue;
    for (const each of needed) {
      const now = seen(each, metadata);
      if (values[each] === undefined && now !== undefined) changes[each] = now;
    }
  }
  return changes;
}

/** @param {any} value @param {any} when  undefined: any value */
const is = (value, when) => (when === undefined ? value !== undefined : value === when);

/**
 * What the camera did about a control in the newest frame, as the control's value; undefined where it does not say.
 * @param {string} name
 * @param {Values} metadata
 */
export function seen(name, metadata) {
  if (name === "FrameDurationLimits") {
    const { FrameDuration: time } = metadata;
    return time === undefined ? undefined : [time, time];
  }
  if (name === "AeEnable" || name === "AwbEnable" || name.startsWith("Af")) return undefined;
  return metadata[name];
}

/**
 * The value to show for a control: what is set, else what the camera does, else its default.
 * @param {import("./numbers.js").Control} control
 * @param {Values} values
 * @param {Values} metadata
 */
export function shownValue(control, values, metadata) {
  return values[control.name] ?? seen(control.name, metadata) ?? control.default ?? undefined;
}
