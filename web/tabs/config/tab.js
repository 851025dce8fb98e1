// @ts-check
/**
 * The Config tab: the configurations of the four use cases, each applied together with the controls of the Live tab.
 */

import { automaticSize } from "../../base/automatic-size.js";
import { configControls } from "./controls.js";
import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { settingRow } from "../../base/setting-row.js";
import { settingSearch } from "../../base/setting-search.js";

/** @typedef {{size: [number, number], bit_depth: number | null, fps: number | null, sensor_mode: string}} SensorMode */
/** @typedef {{index: number, modes: SensorMode[]}} Camera */

const CASES = /** @type {[string, string, string][]} */ ([
  ["live", "Live view", "Sensor mode, mirroring, noise reduction and controls apply to snapshots too."],
  ["photo", "Photo", ""],
  ["raw", "Raw photo", "A DNG file, and a JPEG beside it."],
  ["video", "Video", ""],
]);

/** In this order; not every use case has all of them. */
const NAMES = [
  "sensor_mode", "width", "height", "align", "sync_aspect", "quality", "framerate", "bitrate", "audio", "while_recording", "hflip", "vflip", "buffer_count",
  "denoise", "carry_over",
];

/** What a change means for the camera that runs. */
const MEANS = "A change of the live view or of the tuning file restarts the camera: the picture stands still for a second or two. All other changes apply to the next photo or video.";

/**
 * @param {HTMLElement} panel
 * @param {any} context
 */
export function mount(panel, context) {
  const { settings, api } = context;
  /** @type {{element: HTMLElement, show: () => void}[]} */
  const parts = [];
  const keep = (/** @type {{element: HTMLElement, show: () => void}} */ part) => {
    parts.push(part);
    return part.element;
  };
  /** What there is to choose from, as text. */
  let offered = "";
  const place = el("div", { class: "settings" });
  const search = settingSearch(place);
  fill(panel, place);

  const built = build().catch((error) => fill(place, el("p", { class: "problem", role: "alert", text: errorText(error) })));

  async function build() {
    await offer();
    settings.subscribe(show);
  }

  /** Make the fields, where the camera or what it can has changed; without the daemon they stay. */
  async function offer() {
    const [found, tuning, status] = await Promise.all([
      api.get("api/cameras").catch(() => null),
      api.get("api/tuning").catch(() => ({ files: [] })),
      context.status.latest ?? context.status.ask().catch(() => ({})),
    ]);
    if (!found && offered) return;
    const limit = encoderLimit(status.capture?.abilities?.encoder);
    const camera = found?.cameras.find((/** @type {Camera} */ one) => one.index === found.active);
    const modes = modeChoices(camera);
    const now = JSON.stringify([modes, tuning.files, limit]);
    if (now === offered) return;
    offered = now;
    parts.length = 0;
    fill(place, el("p", { class: "config-notice", text: MEANS }),
      CASES.map(([name, title, text]) => useCase(name, title, name === "video" ? text + limit : text, modes, camera)), tuningCard(tuning.files));
    show();
    if (!search.element.isConnected) place.before(search.element); // with the cards, so that it does not move
    search.apply();
  }

  /** @param {string} name @param {string} title @param {string} text @param {[string, string][]} modes @param {Camera | undefined} camera */
  function useCase(name, title, text, modes, camera) {
    const { fields } = settings.document;
    const rows = NAMES.map((key) => `${name}.${key}`).filter((dotted) => dotted in fields).map((dotted) =>
      keep(settingRow(settings, dotted, {
        choices: dotted.endsWith(".sensor_mode") ? withPresent(modes, settings.get(dotted)) : undefined,
        automatic: () => automaticSize(context, dotted),
        note: () => dotted === `${name}.framerate` ? slowMode(camera, settings.get(name)) : "",
      })));
    return el("section", { class: "card settings-card", "aria-label": title, "data-case": name },
      el("h2", { text: title }), el("p", { class: "hint", text }), copyFrom(name), rows, keep(configControls(settings, name)));
  }

  /** Take over what another use case has, as far as this one has it too. @param {string} name */
  function copyFrom(name) {
    const others = CASES.filter(([other]) => other !== name);
    const select = el("select", { "aria-label": "Copy from" },
      el("option", { value: "", text: "Copy from…" }), others.map(([other, title]) => el("option", { value: other, text: title })));
    select.addEventListener("change", async () => {
      const from = settings.get(select.value);
      select.value = "";
      if (!from) return;
      const own = Object.keys(settings.get(name));
      const copied = Object.fromEntries(Object.entries(from).filter(([key]) => own.includes(key)));
      // A merge patch adds: what this one has and the other has not is taken out.
      const gone = Object.keys(settings.get(`${name}.controls`)).filter((key) => !(key in from.controls));
      copied.controls = { ...from.controls, ...Object.fromEntries(gone.map((key) => [key, null])) };
      try {
        await settings.patch({ [name]: copied });
      } catch (error) {
        context.say(errorText(error), { error: true });
      }
    });
    return select;
  }

  /** @param {string[]} files */
  function tuningCard(files) {
    const now = settings.get("camera.tuning_file");
    const choices = /** @type {[string, string][]} */ ([["", "The sensor's own"], ...files.map((file) => [file, file])]);
    return el("section", { class: "card settings-card", "aria-label": "Tuning file" }, el("h2", { text: "Tuning file" }),
      keep(settingRow(settings, "camera.tuning_file", { choices: files.length ? withPresent(choices, now) : undefined })));
  }

  function show() {
    for (const part of parts) part.show();
  }

  return {
    shown: () => {
      built.then(() => settings.refresh()).catch(() => {}).then(offer); // the next one may succeed
    },
    hidden: () => {},
  };
}

/** What the board's H.264 encoder takes. @param {{side: number} | null | undefined} encoder */
function encoderLimit(encoder) {
  return encoder ? `This board encodes H.264 up to ${encoder.side} pixels on a side and 1920 × 1080 in all; MJPEG has no limit.` : "";
}

/**
 * That the sensor mode is slower than the frame rate that is set; "": it is not.
 * @param {Camera | undefined} camera @param {{sensor_mode: string, framerate: number}} configuration
 */
function slowMode(camera, { sensor_mode, framerate }) {
  const fps = sensor_mode && camera?.modes.find((mode) => mode.sensor_mode.startsWith(sensor_mode))?.fps;
  return fps && fps < framerate - 0.1 ? `The sensor mode limits it to ${+fps.toFixed(2)} fps.` : "";
}

/** Formats may have the same sensor mode: the first one counts. @param {Camera | undefined} camera @returns {[string, string][]} */
function modeChoices(camera) {
  const choices = new Map([["", "Automatic"]]);
  for (const { size, bit_depth, fps, sensor_mode } of camera?.modes ?? []) {
    const words = [size.join(" × "), bit_depth !== null && `${bit_depth} bits`, fps !== null && `up to ${Math.round(fps)} fps`];
    if (!choices.has(sensor_mode)) choices.set(sensor_mode, words.filter(Boolean).join(", "));
  }
  return [...choices];
}

/** The choices, and what is set if it is none of them. @param {[string, string][]} choices @param {string} now @returns {[string, string][]} */
function withPresent(choices, now) {
  return choices.some(([value]) => value === now) ? choices : [...choices, [now, now]];
}
