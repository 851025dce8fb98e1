// @ts-check
/** What the page calls the settings and their values. Their types, ranges and units come from the server. */

/**
 * @typedef {object} SettingText
 * @property {string} label
 * @property {string} [help]  what the label does not say
 * @property {string} [empty]  what 0 or an empty text means
 * @property {Record<string, string>} [choices]  what its values are called, instead of `VALUES`
 */

const MIRROR_HELP = "In addition to the mirroring in Settings: two flips cancel out.";
const ORDER_HELP = "Before the rotation.";
const OLDEST_HELP = "The oldest items are deleted first.";
const RESTART_HELP = "Applies after a restart.";

/** By the dotted name, or by its last part for what several use cases have. @type {Record<string, SettingText>} */
const TEXTS = {
  "camera.index": { label: "Active camera" },
  "camera.rotation": { label: "Rotation", help: "Clockwise, after mirroring. 90° and 270° are lossless if jpegtran is installed." },
  "camera.hflip": { label: "Mirror left and right", help: ORDER_HELP },
  "camera.vflip": { label: "Mirror top and bottom", help: ORDER_HELP },
  "camera.tuning_file": { label: "Tuning file", empty: "the sensor's own", help: "A file name in libcamera's folder, or a path." },
  "place.latitude": { label: "Latitude", help: "For sunrise and sunset. North is positive." },
  "place.longitude": { label: "Longitude", help: "For sunrise and sunset. East is positive." },
  "snapshot.interval_s": { label: "Interval" },
  "snapshot.zsl": { label: "Zero shutter lag", help: "Takes stills immediately, without switching the sensor mode. Needs more memory." },
  "files.photo": { label: "Photo format", help: "PNG and BMP are lossless and much larger." },
  "files.video": { label: "Video format", help: "MP4 plays in every browser, the others do not." },
  "files.floor_mb": { label: "Space to keep free", empty: "automatic", help: "With less than this, no photo is taken and a running video ends." },
  "retention.max_age_days": { label: "Maximum age", empty: "no limit", help: "Older items move to the trash." },
  "retention.max_bytes_gb": { label: "Maximum library size", empty: "no limit", help: OLDEST_HELP },
  "retention.min_free_mb": { label: "Delete if free space is below", empty: "off", help: OLDEST_HELP },
  "motion.armed": { label: "Motion detection", help: "Also while nobody watches." },
  "motion.sensitivity": { label: "Sensitivity" },
  "motion.zones": { label: "Zones", help: "Drawn on the picture." },
  "motion.record": { label: "Recording" },
  "motion.photo_interval_s": { label: "Time between photos", empty: "one photo of each event" },
  "motion.before_s": { label: "Time before the motion", empty: "none", help: "As far as memory suffices." },
  "motion.after_s": { label: "Quiet time that ends an event" },
  "motion.max_s": { label: "Maximum video length", help: "A longer event becomes several videos." },
  "motion.pause_s": { label: "Pause after an event", empty: "none" },
  "motion.weekdays": { label: "Days", help: "If you choose none, the camera looks for motion every day." },
  "motion.active_from": { label: "Active from", help: "A time like 22:00, sunset or sunrise-00:30." },
  "motion.active_to": { label: "Active until", help: "A time before the start is on the next day." },
  "motion.fps": { label: "Analysed frame rate" },
  "motion.threshold": { label: "Difference in brightness", empty: "from the sensitivity" },
  "motion.blocks": { label: "Minimum size", empty: "from the sensitivity", help: "In blocks: the picture is 40 blocks wide." },
  "motion.least_size": { label: "Minimum object size", empty: "no limit", help: "Its longer side, relative to the picture's." },
  "motion.most_size": { label: "Maximum object size", help: "Its longer side, relative to the picture's." },
  "motion.frames": { label: "Frames with motion, of four" },
  "motion.learning_s": { label: "Time to become background", help: "A change that stays this long no longer counts." },
  "privacy.masks": { label: "Privacy masks", help: "Black in every picture. Two opposite corners of a rectangle, or all of a polygon, in sensor pixels, for example 120,80 800,600." },
  "privacy.camera": { label: "Camera of the masks", empty: "the camera in use", help: "With another camera, the whole picture is black. Clear this field once the masks are right for it." },
  "privacy.raw": { label: "Raw photos despite masks", help: "A DNG file shows everything; the JPEG beside it is masked." },
  "stamp.uses": { label: "Pictures with a stamp", help: "A line of text in a corner. Raw photos never have one, and videos only if the picture continues meanwhile." },
  "stamp.text": { label: "Text", help: "With the fields {date}, {time}, {name} (of this machine), {camera} (its sensor) and {temperature}." },
  "stamp.time_format": { label: "Format of {time}", help: "For example %H:%M:%S for 17:05:30, or %I:%M %p for 05:05 PM." },
  "stamp.corner": { label: "Corner" },
  "stamp.size": { label: "Height", help: "Relative to the picture's." },
  "access.watch": { label: "Live picture", help: "Photos, controls and settings always need an account." },
  "access.embed": {
    label: "Pages that may embed this one",
    help: "For example http://homeassistant.local:8123. Such a page may show Stillcam in a frame, and read its answers.",
  },
  "access.hosts": { label: "Additional host names", help: "For example camera.example.org. IP addresses, *.local and the Pi's own name always work." },
  "access.proxies": { label: "Trusted reverse proxies", help: "Addresses or networks, for example 192.168.1.10. Only the Forwarded headers of these are trusted." },
  "notifications.receivers": {
    label: "Receivers",
    help: "A name for each, for example phone; then its events, such as motion.began picture.* quiet=22:00-07:00 every=60. Enter its Apprise address (mail, Telegram, ntfy …) separately. The name mqtt stands for an MQTT broker, for example of Home Assistant.",
  },
  "webhooks.urls": {
    label: "Webhooks",
    help: "Each address receives a message when an item is taken, and when the picture is lost or returns. Add events after an address, for example motion.* picture.* quiet=22:00-07:00 every=60.",
  },
  "live.auto": { label: "Start live view automatically", help: "For everybody who is signed in, unless their browser asks to save data. Each browser remembers its own choice." },
  "live.webrtc": { label: "WebRTC server", empty: "none", help: "Path of its WHEP address on this host, for example rtc/camera/whep. Live view then has low latency." },
  "page.histogram": { label: "Histogram", help: "Initially shown on the Live tab. Each browser remembers its own choice." },
  "server.max_connections": { label: "Maximum connections", help: RESTART_HELP },
  "server.max_connections_per_address": { label: "Maximum connections per address", help: `Trusted proxies are exempt. ${RESTART_HELP}` },
  "server.tls_certificate": { label: "TLS certificate", empty: "none (plain HTTP)", help: `Path of a PEM file with the chain, absolute or from the data folder. ${RESTART_HELP}` },
  "server.tls_key": { label: "TLS private key", empty: "in the certificate's file", help: `Path of a PEM file. ${RESTART_HELP}` },
  "server.access_log": { label: "Log each request" },

  "video.quality": { label: "JPEG quality", help: "Of the frames that the MP4 is created from, and of MJPEG videos." },
  "video.while_recording": {
    label: "While recording",
    help: "With the picture, a video needs about ten times the disk space until its MP4 is created. Choose encoding for a slow card, or a Pi Zero. With picamera2 this matters only while there are privacy masks.",
    choices: { picture: "The picture continues", encode: "Encode at once" },
  },
  sensor_mode: { label: "Sensor mode", help: "Automatic selects the widest field of view that is fast enough." },
  width: { label: "Width", empty: "automatic", help: "Before the rotation." },
  height: { label: "Height", empty: "automatic", help: "Before the rotation." },
  align: { label: "Aspect ratio of the sensor mode", help: "The height then follows from the width." },
  sync_aspect: { label: "Aspect ratio of the live view", help: "The height then follows from the width." },
  quality: { label: "JPEG quality" },
  framerate: { label: "Frame rate", empty: "automatic" },
  bitrate: { label: "Bit rate", empty: "automatic", help: "Not for MJPEG. At least 1,000; on a Pi 4 or older 25,000 to 25,000,000." },
  audio: { label: "Sound", help: "Only for MP4 videos." },
  hflip: { label: "Mirror left and right", help: MIRROR_HELP },
  vflip: { label: "Mirror top and bottom", help: MIRROR_HELP },
  buffer_count: { label: "Buffers", empty: "automatic", help: "More buffers lose fewer frames, but need more memory." },
  denoise: { label: "Noise reduction", help: "Automatic: fast for videos, best for photos." },
  carry_over: { label: "Reuse exposure, white balance and focus", help: "Starts with the values of the last snapshot. Otherwise the camera finds them again, which takes longer." },
};

/** What a value is called where its own name says too little. @type {Record<string, string>} */
const VALUES = {
  "signed-in": "People who have signed in", anyone: "Anyone on this network",
  video: "A video", photos: "Photos", both: "A video and photos", picture: "One picture",
  "top-left": "Top left", "top-right": "Top right", "bottom-left": "Bottom left", "bottom-right": "Bottom right",
  jpg: "JPEG", png: "PNG", bmp: "BMP", mp4: "MP4", h264: "H.264", mjpeg: "MJPEG",
  auto: "Automatic", off: "Off", cdn_off: "Without colour noise", cdn_fast: "Fast", cdn_hq: "Best",
  pulse: "PulseAudio", alsa: "ALSA",
};

/** The text of a setting. @param {string} name  dotted @returns {SettingText} */
export const textOf = (name) => TEXTS[name] ?? TEXTS[name.slice(name.indexOf(".") + 1)];

/** The choices of a field, each a value and its text. @param {import("../server/settings-store.js").Field} field @param {Record<string, string>} [own] @returns {[any, string][]} */
export const choicesOf = ({ choices, unit }, own = {}) => (choices ?? []).map((value) => [value, own[value] ?? VALUES[value] ?? `${value}${unit}`]);

/** @param {number} value */
const number = (value) => value.toLocaleString("en");

/** The range of a number with its unit, as a sentence; "" for any other field. @param {import("../server/settings-store.js").Field} field @param {boolean} orNothing  0 has a meaning of its own */
export function limits({ type, low, high, unit }, orNothing) {
  if ((type !== "int" && type !== "float") || low === null || high === null) return "";
  const range = orNothing && low === 0 ? `Up to ${number(high)}` : `${number(low)} to ${number(high)}`;
  return `${range}${unit ? ` ${unit}` : ""}.`;
}

/**
 * A value in words, to continue a sentence.
 * @param {any} value
 * @param {[any, string][]} choices
 * @param {string} [unit]
 * @param {string} [empty]  what 0 or an empty text means
 */
export function words(value, choices, unit = "", empty = "") {
  if (typeof value === "boolean") return value ? "on" : "off";
  const choice = choices.find(([one]) => one === value);
  if (choice) return choice[1];
  if (Array.isArray(value)) return value.join(", ") || "none";
  if (empty && !value) return empty;
  return typeof value === "number" ? `${number(value)}${unit && ` ${unit}`}` : value;
}
