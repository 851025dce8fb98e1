// @ts-check
/** The Info tab: the cameras with their properties and sensor modes, the system, and the bug report. */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { detectButton, NO_CAMERA, PLUGGED_IN } from "../../page/detect.js";
import { facts, modeFacts, MODE_HEADS } from "./properties.js";
import { bugReport } from "./report.js";

/** @typedef {import("./properties.js").Camera} Camera */
/** @typedef {{title: string, rows: [string, string][]}} Section */

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
  #asked = 0; // grows with each renewal: what an older one answers is dropped
  #cameras = el("div", { class: "info-cards" });
  #system = el("div", { class: "info-cards" });
  #notice = el("p", { role: "status", class: "info-notice" });
  /** Shown once the cameras above it are there, or they would push it away. */
  #systemHead = el("h3", { hidden: true }, "System");

  /**
   * @param {HTMLElement} panel
   * @param {any} context
   */
  constructor(panel, context) {
    this.#context = context;
    const { control } = context.session.may;
    const report = control && bugReport(context);
    fill(panel, el("div", { class: "info" },
      el("header", { class: "info-bar" }, el("h2", {}, "Info"), report && report.button,
        el("button", { type: "button", onclick: () => this.renew() }, "Refresh")),
      report && report.element, this.#notice,
      el("div", { class: "info-bar info-cameras" }, el("h3", {}, "Cameras"), control && detectButton(context.api, () => this.renew())),
      this.#cameras, this.#systemHead, this.#system));
  }

  async renew() {
    const { api } = this.#context;
    const asked = ++this.#asked;
    const [cameras, info] = await Promise.allSettled([api.get("api/cameras"), api.get("api/info")]);
    if (asked !== this.#asked) return;
    const wrong = [cameras, info].find((answer) => answer.status === "rejected");
    this.#notice.textContent = wrong?.status === "rejected" ? errorText(wrong.reason) : "";
    this.#systemHead.hidden = false;
    if (cameras.status === "fulfilled") {
      const { active, cameras: all } = cameras.value;
      const cards = all.map((/** @type {Camera} */ camera) => part(`Camera ${camera.index}`, () => cameraCard(camera, active)));
      fill(this.#cameras, all.length ? cards : el("p", { class: "info-card" }, NO_CAMERA, this.#context.session.may.control && ` ${PLUGGED_IN}`));
    }
    if (info.status === "fulfilled") {
      fill(this.#system, info.value.sections.map((/** @type {Section} */ section) => part(section.title, () => card(section))));
    }
  }
}

/**
 * A card, or why it cannot be shown: one that is broken never takes the others along.
 *
 * @param {string} title
 * @param {() => Element} make
 */
function part(title, make) {
  try {
    return make();
  } catch (error) {
    return el("section", { class: "info-card", "aria-label": title }, el("h4", {}, title), el("p", { class: "problem" }, `This cannot be shown: ${errorText(error)}`));
  }
}

/** @param {Section} section */
function card({ title, rows }) {
  return el("section", { class: "info-card", "aria-label": title }, el("h4", {}, title), terms(rows));
}

/** @param {import("./properties.js").Fact[]} rows */
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
  const head = el("tr", {}, MODE_HEADS.map((name) => el("th", { scope: "col" }, name)));
  const modes = camera.modes.map((mode) => el("tr", {}, modeFacts(mode).map((fact) => el("td", {}, fact))));
  return el("section", { class: "info-card info-camera", "aria-label": `Camera ${camera.index}` },
    el("h4", {}, `${camera.index}: ${camera.model}`, camera.index === active && el("span", { class: "info-active" }, "active")),
    el("div", {}, terms(facts(camera)), camera.held && el("p", { class: "hint" }, IN_USE)),
    modes.length > 0 && el("div", { class: "info-modes" }, el("h5", {}, "Sensor modes"),
      el("div", { class: "info-scroll", tabindex: 0, role: "group", "aria-label": "Sensor modes" },
        el("table", {}, el("thead", {}, head), el("tbody", {}, modes)))));
}
