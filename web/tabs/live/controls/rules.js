// @ts-check
/**
 * How controls depend on each other, and what the camera does with those that are left to it.
 */

/** @typedef {import("./numbers.js").Control} Control */
/** @typedef {Record<string, any>} Values  by libcamera's names: those that are set, or metadata */

/**
 * Whether a control has no effect now, though it is set.
 * @param {Control | undefined} control
 * @param {Values} values  the controls that are set
 */
const overridden = (control, values) =>
  !!control?.overridden_by && control.overridden_by.values.includes(values[control.overridden_by.control]);

/** Whether a control with this value is of no use without those that it needs. @param {Control} control @param {any} value */
const demands = (control, value) => (control.type === "bool" ? value === false : value !== undefined);

/**
 * Why a control that is set has no effect now; "" where it has.
 * @param {Control} control
 * @param {Values} values  the controls that are set
 */
export function waiting(control, values) {
  return overridden(control, values) ? `Waits: ${control.overridden_by?.text}.` : "";
}

/**
 * All that has to change for a control to have this value, and have an effect.
 * @param {string} name
 * @param {any} value  null: left to the camera
 * @param {Values} values  the controls that are set
 * @param {Values} metadata  of the newest frame: what is needed besides is kept as it is now
 * @param {Control[]} table
 * @returns {Values} as the API takes it
 */
export function change(name, value, values, metadata, table) {
  /** @type {Values} */
  const changes = { [name]: value };
  if (value === null) {
    for (const other of table) if (other.needs.includes(name) && demands(other, values[other.name])) changes[other.name] = null;
    return changes;
  }
  const control = table.find((each) => each.name === name);
  const other = control?.overridden_by;
  if (other && overridden(control, values)) changes[other.control] = other.ending_value;
  if (!control || !demands(control, value)) return changes;
  for (const needed of control.needs) {
    const now = seen(needed, metadata);
    if (values[needed] === undefined && now !== undefined) changes[needed] = now;
  }
  return changes;
}

/**
 * What the camera did about a control in the newest frame, as the control's value; undefined where it does not say.
 * @param {string} name
 * @param {Values} metadata
 */
export function seen(name, metadata) {
  if (name === "FrameDurationLimits") {
    const { FrameDuration: time } = metadata;
    return time && [time, time];
  }
  if (name === "AeEnable" || name === "AwbEnable" || name.startsWith("Af")) return undefined;
  return metadata[name];
}

/**
 * The value to show for a control: what is set, else what the camera does, else its default.
 * @param {Control} control
 * @param {Values} values
 * @param {Values} metadata
 */
export function shownValue(control, values, metadata) {
  return values[control.name] ?? seen(control.name, metadata) ?? control.default ?? undefined;
}
