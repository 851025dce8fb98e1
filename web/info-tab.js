// @ts-check
/**
 * The Info tab: the cameras with their properties and sensor modes, and the system; all of it to copy for a report.
 */

import { el, fill } from "./dom.js";

/** @typedef {{title: string, rows: [string, string][]}} Section */

/**
 * @typedef {object} Camera
 * @property {number} index
 * @property {string} model
 * @property {[number, number]} size
 * @property {number} bit_depth
 * @property {string} colour
 * @property {string} path
 * @property {Record<string, any>} properties
 * @property {{format: string, size: [number, number], bit_depth: number, fps: number, crop: number[]}[]} modes
 */

const MODE_HEADS = ["Size", "Bits", "Frames a second", "Crop", "Format"];

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
  #told = el("p", { role: "status", class: "info-told" });
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
        button("Copy as text", () => this.#copy()), button("Ask again", () => this.renew())),
      this.#told, el("h3", {}, "Cameras"), this.#cameras, el("h3", {}, "System"), this.#system));
  }

  async renew() {
    const { api } = this.#context;
    const [cameras, info] = await Promise.allSettled([api.get("api/cameras"), api.get("api/info")]);
    const wrong = [cameras, info].find((answer) => answer.status === "rejected");
    this.#told.textContent = wrong?.status === "rejected" ? wrong.reason.message : "";
    if (cameras.status === "fulfilled") {
      const { active, cameras: all } = cameras.value;
      fill(this.#cameras, all.length ? all.map((/** @type {Camera} */ camera) => cameraCard(camera, active)) : el("p", {}, "No camera was found."));
    }
    if (info.status === "fulfilled") fill(this.#system, info.value.sections.map(card));
    this.#text = asText(
      cameras.status === "fulfilled" ? cameras.value.cameras : [], info.status === "fulfilled" ? info.value.sections : []);
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#text);
      this.#context.say("Copied.");
    } catch {
      // Without TLS a browser gives no clipboard: the text is shown to be copied by hand.
      const text = el("textarea", { readonly: true, rows: 16, "aria-label": "All of it as text", value: this.#text });
      fill(this.#told, text);
      text.focus();
      text.select();
    }
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

/** Times of the camera in the words of whoever reads them. @param {string} value */
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
    modes.length > 0 && el("h5", {}, "Sensor modes"),
    modes.length > 0 && el("div", { class: "info-scroll", tabindex: 0, role: "region", "aria-label": "Sensor modes" },
      el("table", {}, el("thead", {}, head), el("tbody", {}, modes))));
}

/** @param {Camera} camera @returns {[string, string][]} */
function facts(camera) {
  /** @type {[string, string][]} */
  const rows = [
    ["Sensor", `${camera.size.join(" × ")} pixels, ${camera.bit_depth} bits, ${camera.colour}`],
    ["Connected at", camera.path],
  ];
  for (const [name, value] of Object.entries(camera.properties)) {
    if (name !== "Model") rows.push([name, shown(value)]);
  }
  return rows;
}

/** @param {Camera["modes"][number]} mode */
function modeFacts({ size, bit_depth, fps, crop, format }) {
  const [x, y, width, height] = crop;
  return [size.join(" × "), String(bit_depth), fps.toFixed(1), `${width} × ${height} at ${x}, ${y}`, format];
}

/** @param {unknown} value */
function shown(value) {
  if (Array.isArray(value)) return value.every((part) => typeof part === "number") ? value.join(" × ") : value.map(shown).join("; ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * @param {Camera[]} cameras
 * @param {Section[]} sections
 */
function asText(cameras, sections) {
  const lines = [];
  for (const camera of cameras) {
    lines.push(`## Camera ${camera.index}: ${camera.model}`, ...facts(camera).map(([name, value]) => `${name}: ${value}`));
    lines.push(...camera.modes.map((mode) => `Mode: ${modeFacts(mode).join(", ")}`), "");
  }
  for (const { title, rows } of sections) lines.push(`## ${title}`, ...rows.map(([name, value]) => `${name}: ${value}`), "");
  return lines.join("\n");
}
