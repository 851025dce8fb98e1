// @ts-check
/**
 * The Info tab: the cameras with their properties and sensor modes, and the system; all of it to copy for a report.
 */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { detectButton } from "../../page/detect.js";

/** @typedef {{title: string, rows: [string, string][]}} Section */
/** @typedef {{element: Element, text: string}} Part  a card, and the same to copy */

/**
 * A sensor mode; null is what the camera does not report.
 * @typedef {{format: string, size: [number, number], bit_depth: number | null, fps: number | null, crop: number[] | null}} Mode
 */

/**
 * @typedef {object} Camera
 * @property {number} index
 * @property {string} model
 * @property {[number, number]} size
 * @property {number | null} bit_depth
 * @property {string | null} colour
 * @property {string} path
 * @property {boolean} held  by another program when cameras were listed
 * @property {Record<string, any>} properties
 * @property {Mode[]} modes
 */

const MODE_HEADS = ["Size", "Bits", "Frames a second", "Crop", "Format"];
const UNKNOWN = "–";
const IN_USE = "Another program was using this camera when the cameras were listed: of its modes only the sizes are known.";

/**
 * @param {HTMLElement} panel
 * @param {any} context
 */
export function mount(panel, context) {
  const tab = new Info(panel, context);
  return { shown: () => tab.renew(), hidden: () => {} };
}

class Info {
  #context;
  #cameras = el("div", { class: "info-cards" });
  #system = el("div", { class: "info-cards" });
  #notice = el("p", { role: "status", class: "info-notice" });
  /** Shown once the cameras above it are there, or they would push it away. */
  #systemHead = el("h3", { hidden: true }, "System");
  /** What is on the screen, as text. */
  #text = "";

  /**
   * @param {HTMLElement} panel
   * @param {any} context
   */
  constructor(panel, context) {
    this.#context = context;
    const button = (/** @type {string} */ words, /** @type {() => void} */ act) => el("button", { type: "button", onclick: act }, words);
    fill(panel, el("div", { class: "info" },
      el("header", { class: "info-bar" }, el("h2", {}, "Info"),
        button("Copy as text", () => this.#copy()), button("Refresh", () => this.renew())),
      this.#notice, el("div", { class: "info-bar info-cameras" }, el("h3", {}, "Cameras"), context.session.may.control && detectButton(context.api, () => this.renew())),
      this.#cameras, this.#systemHead, this.#system));
  }

  async renew() {
    const { api } = this.#context;
    const [cameras, info] = await Promise.allSettled([api.get("api/cameras"), api.get("api/info")]);
    const wrong = [cameras, info].find((answer) => answer.status === "rejected");
    this.#notice.textContent = wrong?.status === "rejected" ? errorText(wrong.reason) : "";
    this.#systemHead.hidden = false;
    /** @type {Part[]} */
    const texts = [];
    if (cameras.status === "fulfilled") {
      const { active, cameras: all } = cameras.value;
      /** @type {Part[]} */
      const parts = all.map((/** @type {Camera} */ camera) => part(`Camera ${camera.index}`, () => cameraCard(camera, active), () => cameraText(camera)));
      fill(this.#cameras, all.length ? parts.map(({ element }) => element) : el("p", {}, "No camera was found."));
      texts.push(...parts);
    }
    if (info.status === "fulfilled") {
      /** @type {Part[]} */
      const parts = info.value.sections.map((/** @type {Section} */ section) => part(section.title, () => card(section), () => rowsText(section.rows)));
      fill(this.#system, parts.map(({ element }) => element));
      texts.push(...parts);
    }
    this.#text = texts.map(({ text }) => text).join("\n");
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#text);
      this.#context.say("Copied.");
    } catch {
      // Without TLS a browser gives no clipboard: the text is shown to be copied by hand.
      const text = el("textarea", { readonly: true, rows: 16, "aria-label": "All of it as text", value: this.#text });
      fill(this.#notice, text);
      text.focus();
      text.select();
    }
  }
}

/**
 * A card and its text, or why it cannot be shown: one that is broken never takes the others along.
 *
 * @param {string} title
 * @param {() => Element} make
 * @param {() => string} text
 * @returns {Part}
 */
function part(title, make, text) {
  try {
    return { element: make(), text: `## ${title}\n${text()}\n` };
  } catch (error) {
    const why = `This cannot be shown: ${errorText(error)}`;
    const element = el("section", { class: "info-card", "aria-label": title }, el("h4", {}, title), el("p", { class: "problem" }, why));
    return { element, text: `## ${title}\n${why}\n` };
  }
}

/** @param {Section} section */
function card({ title, rows }) {
  return el("section", { class: "info-card", "aria-label": title }, el("h4", {}, title), terms(rows));
}

/** @param {[string, string][]} rows */
function terms(rows) {
  return el("dl", {}, rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, local(value))]));
}

/** Times in the user's language and zone. @param {string} value */
function local(value) {
  return value.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) => new Date(time).toLocaleString());
}

/**
 * @param {Camera} camera
 * @param {number | null} active
 */
function cameraCard(camera, active) {
  const rows = facts(camera);
  const head = el("tr", {}, MODE_HEADS.map((name) => el("th", { scope: "col" }, name)));
  const modes = camera.modes.map((mode) => el("tr", {}, modeFacts(mode).map((fact) => el("td", {}, fact))));
  return el("section", { class: "info-card wide", "aria-label": `Camera ${camera.index}` },
    el("h4", {}, `${camera.index}: ${camera.model}`, camera.index === active && el("span", { class: "info-active" }, "active")),
    terms(rows),
    camera.held && el("p", { class: "hint" }, IN_USE),
    modes.length > 0 && el("h5", {}, "Sensor modes"),
    modes.length > 0 && el("div", { class: "info-scroll", tabindex: 0, role: "group", "aria-label": "Sensor modes" },
      el("table", {}, el("thead", {}, head), el("tbody", {}, modes))));
}

/** @param {Camera} camera @returns {[string, string][]} */
function facts(camera) {
  /** @type {[string, string][]} */
  const rows = [
    ["Sensor", [`${camera.size.join(" × ")} pixels`, camera.bit_depth && `${camera.bit_depth} bits`, camera.colour].filter(Boolean).join(", ")],
    ["Connected at", camera.path],
  ];
  for (const [name, value] of Object.entries(camera.properties)) {
    if (name !== "Model") rows.push([name, shown(value)]);
  }
  return rows;
}

/** @param {Mode} mode */
function modeFacts({ size, bit_depth, fps, crop, format }) {
  const seen = crop ? `${crop[2]} × ${crop[3]} at ${crop[0]}, ${crop[1]}` : UNKNOWN;
  return [size.join(" × "), bit_depth?.toString() ?? UNKNOWN, fps?.toFixed(1) ?? UNKNOWN, seen, format];
}

/** @param {unknown} value @returns {string} */
function shown(value) {
  if (Array.isArray(value)) return value.every((part) => typeof part === "number") ? value.join(" × ") : value.map(shown).join("; ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @param {Camera} camera */
function cameraText(camera) {
  const modes = camera.modes.map((mode) => /** @type {[string, string]} */ (["Mode", modeFacts(mode).join(", ")]));
  return rowsText([["Model", camera.model], ...facts(camera), ...modes]);
}

/** @param {[string, string][]} rows */
function rowsText(rows) {
  return rows.map(([name, value]) => `${name}: ${value}`).join("\n");
}
