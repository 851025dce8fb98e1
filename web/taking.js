// @ts-check
/**
 * Below the live picture: take photos, raw photos and videos, and see the last ones (strip.js).
 */

import { el, icon } from "./dom.js";
import { Strip } from "./strip.js";

const BUSY_EVERY_MS = 500;
const IDLE_EVERY_MS = 5_000;

/**
 * @param {HTMLElement} root
 * @param {any} context
 */
export function mountTaking(root, context) {
  const taking = new Taking(root, context);
  return { shown: () => taking.shown(), hidden: () => taking.hidden() };
}

class Taking {
  #context;
  #strip;
  #visible = false;
  #timer = 0;
  #busy = false;
  /** When the video began, on this page's clock. @type {number | null} */
  #began = null;

  #photo = button("Photo", "M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8", () => this.#take("photo"));
  #raw = button("Raw photo", "M12 3 3 8l9 5 9-5zM3 13l9 5 9-5", () => this.#take("raw"));
  #video = button("Video", "M4 7h11v10H4zM15 11l5-3v8l-5-3", () => this.#record());
  #cancel = el("button", { type: "button", hidden: true, onclick: () => this.#stop("api/photos") }, "Cancel");
  #count = number("Number of photos", 1, 1, 100);
  #delay = number("Self-timer", 0, 0, 3600);
  #seconds = number("Length of the video", 0, 0, 86400);
  #told = el("p", { class: "taking-told", role: "status" });

  /**
   * @param {HTMLElement} root
   * @param {any} context
   */
  constructor(root, context) {
    this.#context = context;
    this.#strip = new Strip(context);
    root.replaceChildren(
      el("div", { class: "taking", role: "group", "aria-label": "Take" }, this.#photo, this.#raw, this.#video, this.#cancel,
        el("details", { class: "taking-more" }, el("summary", {}, "Burst, timer, length"),
          label("Photos", this.#count, ""), label("Timer", this.#delay, "s"), label("Video", this.#seconds, "s, 0: until stopped"))),
      this.#told, this.#strip.element);
  }

  shown() {
    this.#visible = true;
    this.#strip.renew();
    this.#look();
  }

  hidden() {
    this.#visible = false;
    clearTimeout(this.#timer);
    this.#strip.hidden();
  }

  /** @param {"photo" | "raw"} kind */
  async #take(kind) {
    this.#set(true, kind === "raw" ? "Taking a raw photo…" : "Taking a photo…");
    this.#look();
    try {
      const body = { kind, count: value(this.#count), delay_s: value(this.#delay) };
      await this.#context.api.send("POST", "api/photos", body);
      this.#set(false, "");
      await this.#strip.renew();
    } catch (error) {
      this.#set(false, text(error));
    }
  }

  async #record() {
    if (this.#began !== null) return this.#stop("api/video");
    try {
      const seconds = value(this.#seconds);
      await this.#context.api.send("POST", "api/video", { seconds: seconds || null });
      this.#began = performance.now();
      this.#look();
    } catch (error) {
      this.#set(false, text(error));
    }
  }

  /** @param {string} path */
  async #stop(path) {
    try {
      await this.#context.api.send("DELETE", path);
      await this.#strip.renew();
    } catch (error) {
      this.#set(false, text(error));
    }
    this.#look();
  }

  /** What the camera is doing, from api/status: also what somebody else has begun. */
  async #look() {
    clearTimeout(this.#timer);
    if (!this.#visible) return;
    try {
      const { capture } = await this.#context.api.get("api/status");
      const worked = this.#busy || this.#began !== null;
      this.#tell(capture.taking ?? null, capture.recording ?? null);
      if (worked && !capture.taking && !capture.recording) this.#strip.renew();
    } catch {
      // The picture tells that the camera does not answer.
    }
    const soon = this.#busy || this.#began !== null;
    this.#timer = window.setTimeout(() => this.#look(), soon ? BUSY_EVERY_MS : IDLE_EVERY_MS);
  }

  /**
   * @param {{kind: string, done: number, of: number, due: string | null} | null} taking
   * @param {{since: string, left_s: number | null, bytes: number} | null} recording
   */
  #tell(taking, recording) {
    const words = this.#video.querySelector("span");
    if (words) words.textContent = recording ? "Stop" : "Video";
    this.#video.dataset.recording = String(!!recording);
    this.#photo.disabled = this.#raw.disabled = !!recording || !!taking;
    this.#cancel.hidden = !taking || (taking.of === 1 && !taking.due);
    this.#began = recording ? (this.#began ?? performance.now()) : null;
    if (recording) {
      const left = recording.left_s === null ? "" : `, ${Math.ceil(recording.left_s)} s left`;
      this.#set(false, `Recording for ${Math.round((Date.now() - Date.parse(recording.since)) / 1000)} s${left}`);
    } else if (taking) {
      const due = taking.due ? Math.ceil((Date.parse(taking.due) - Date.now()) / 1000) : 0;
      this.#set(true, due > 0 ? `In ${due} s` : `Taking ${taking.done + 1} of ${taking.of}…`);
    } else if (this.#busy || this.#told.textContent?.startsWith("Recording")) {
      this.#set(false, "");
    }
  }

  /**
   * @param {boolean} busy
   * @param {string} words
   */
  #set(busy, words) {
    this.#busy = busy;
    if (this.#told.textContent !== words) this.#told.textContent = words;
  }

}

/**
 * @param {string} words
 * @param {string} path  of its icon, 24 by 24
 * @param {() => void} act
 */
function button(words, path, act) {
  return el("button", { type: "button", onclick: act }, icon(path), el("span", {}, words));
}

/** @param {string} name @param {number} value @param {number} min @param {number} max */
function number(name, value, min, max) {
  return el("input", { type: "number", "aria-label": name, value, min, max, inputmode: "numeric" });
}

/** @param {string} words @param {HTMLElement} input @param {string} unit */
function label(words, input, unit) {
  return el("label", {}, `${words} `, input, unit && ` ${unit}`);
}

/** @param {HTMLInputElement} input */
function value(input) {
  return Math.max(Number(input.min), Math.min(Number(input.max), Math.round(Number(input.value)) || 0));
}

/** @param {unknown} error */
function text(error) {
  return error instanceof Error ? error.message : String(error);
}
