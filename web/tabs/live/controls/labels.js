// @ts-check
/** Labels of controls whose libcamera name is not plain to everybody. */

/** @type {Record<string, string>} */
const LABELS = {
  AfMode: "Mode",
  LensPosition: "Lens position",
  AfRange: "Range",
  AfSpeed: "Speed",
  AfMetering: "What to focus on",
  AfWindows: "Focus window",
  AfTrigger: "Scan",
  AfPause: "Pause",
  ScalerCrop: "Part of the sensor",
  AeEnable: "Exposure",
  ExposureTime: "Shutter",
  AnalogueGain: "Gain",
  ExposureValue: "Compensation",
  AeMeteringMode: "Metering",
  AeExposureMode: "Programme",
  AeConstraintMode: "Protect",
  AeFlickerMode: "Flicker",
  AeFlickerPeriod: "Flicker period",
  FrameDurationLimits: "Frame duration",
  AwbEnable: "White balance",
  AwbMode: "Light",
  ColourGains: "Colour gains",
  ColourTemperature: "Colour temperature",
  ColourCorrectionMatrix: "Colour matrix",
  NoiseReductionMode: "Noise reduction",
  HdrMode: "HDR",
};

/** @param {string} name  libcamera's */
export const labelOf = (name) => LABELS[name] ?? name;
