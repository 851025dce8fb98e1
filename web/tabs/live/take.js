// @ts-check
/** Below the live picture: buttons for photos, raw photos and videos, and the newest items. */

import { el, icon, write } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { RecentItems } from "./recent.js";

const TICK_MS = 1_000;

/** @typedef {{kind: "photo" | "raw", done: number, of: number, due: string | null}} Photos */
/** @typedef {{kind: "photo" | "raw" | "video", of: number}} Waiting  an order that waits for another */

export class Taking {
  #context;
  #recent;
  /** What ends as the tab goes. @type {(() => void)[]} */
  #ends = [];
  /** What has been asked for here and is not answered yet. @type {Set<{kind: Waiting["kind"], called_off: boolean}>} */
  #orders = new Set();

  #photo = button("Photo", "M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8", () => this.#take("photo"));
  #raw = button("Raw photo", "M12 3 3 8l9 5 9-5zM3 13l9 5 9-5", () => this.#take("raw"));
  #video = button("Video", "M4 7h11v10H4zM15 11l5-3v8l-5-3", () => this.#record());
  #cancel = el("button", { type: "button", hidden: true, onclick: () => this.#callOff("api/photos", ["photo", "raw"]) }, "Cancel");
  #cancelVideo = el("button", { type: "button", hidden: true, onclick: () => this.#callOff("api/video", ["video"]) }, "Cancel video");
  #count = number("Number of photos", 1, 1, 100);
  #delay = number("Self-timer", 0, 0, 3600);
  #seconds = number("Length of the video", 0, 0, 86400);
  #doing = el("span");
  /** The seconds, which are not read aloud. */
  #passing = el("span", { "aria-hidden": "true" });
  #line = el("div", { class: "take-line" }, el("p", { class: "take-activity", role: "status" }, this.#doing, this.#passing));
  /** The button that keeps the last seconds, in the same line, once the camera has been armed. @type {Promise<unknown> | null} */
  #keep = null;
  /** Once there is a video. @type {typeof import("./recording.js").videoWords | null} */
  #words = null;
  #waits = el("p", { class: "take-waits", role: "status" });
  #why = el("span");
  /** A refusal stays until it has been read, whatever happens meanwhile. */
  #problem = el("p", { class: "problem take-problem", role: "alert", hidden: true }, this.#why,
    el("button", { type: "button", onclick: () => this.#refused("") }, "OK"));

  /**
   * @param {HTMLElement} root
   * @param {any} context
   */
  constructor(root, context) {
    this.#context = context;
    this.#recent = new RecentItems(context);
    root.replaceChildren(
      el("div", { class: "take", role: "group", "aria-label": "Take" }, this.#photo, this.#raw, this.#video, this.#cancel, this.#cancelVideo,
        el("details", { class: "take-more" }, el("summary", {}, "Burst, timer, length"),
          label("Photos", this.#count, ""), label("Timer", this.#delay, "s"), label("Video", this.#seconds, "s (0: until stopped)"))),
      this.#line, this.#waits, this.#problem, this.#recent.element);
  }

  /** @returns {Promise<void>} once the newest items are shown, or cannot be */
  shown() {
    const { status } = this.#context;
    const ticker = setInterval(() => document.hidden || this.#show(), TICK_MS); // the seconds pass between two statuses
    this.#ends = [
      status.subscribe((/** @type {any} */ { capture: { motion } }) => {
        this.#show();
        if (motion?.active) this.#keep ??= import("./keep.js").then(({ addKeep }) => addKeep(this.#line, this.#context), () => (this.#keep = null));
      }),
      status.follow(["library"], () => this.#recent.renew()),
      () => clearInterval(ticker),
    ];
    return this.#recent.shown();
  }

  hidden() {
    for (const end of this.#ends.splice(0)) end();
    this.#recent.hidden();
  }

  /** @param {"photo" | "raw"} kind */
  #take(kind) {
    return this.#ask(kind, "api/photos", { kind, count: value(this.#count), delay_s: value(this.#delay) });
  }

  #record() {
    if (this.#context.status.latest?.capture.recording) return this.#callOff("api/video", ["video"]);
    return this.#ask("video", "api/video", { seconds: value(this.#seconds) || null });
  }

  /** @param {Waiting["kind"]} kind @param {string} path @param {any} body */
  async #ask(kind, path, body) {
    const order = { kind, called_off: false };
    this.#orders.add(order);
    this.#refused("");
    try {
      await this.#context.api.send("POST", path, body);
      if (kind !== "video") this.#recent.renew();
    } catch (error) {
      if (!order.called_off) this.#refused(errorText(error));
    } finally {
      this.#orders.delete(order);
      this.#context.status.ask().catch(() => {}); // the picture fails in the same way, and its message says so
    }
  }

  /** End what is being taken, and what waits. @param {string} path @param {Waiting["kind"][]} kinds */
  async #callOff(path, kinds) {
    for (const order of this.#orders) order.called_off ||= kinds.includes(order.kind);
    try {
      await this.#context.api.send("DELETE", path);
      await this.#recent.renew();
    } catch (error) {
      this.#refused(errorText(error));
    }
  }

  /** @param {string} why  "": it has been read */
  #refused(why) {
    this.#why.textContent = why && `${why} `;
    this.#problem.hidden = !why;
    this.#show();
  }

  /** What the camera is doing, also what somebody else has begun. */
  #show() {
    const capture = this.#context.status.latest?.capture ?? {};
    const taking = /** @type {Photos | null} */ (capture.taking ?? null);
    const recording = /** @type {{picture: boolean} | undefined} */ (capture.recording);
    const waiting = /** @type {Waiting[]} */ (capture.waiting ?? []);
    const asked = (/** @type {string} */ kind) => [...this.#orders].some((order) => order.kind === kind && !order.called_off);
    const video = !recording && (waiting.some(({ kind }) => kind === "video") || (asked("video") && !!taking));
    const photos = waiting.filter(({ kind }) => kind !== "video");
    write(this.#video.querySelector("span"), recording ? "Stop" : "Video");
    this.#video.dataset.recording = String(!!recording);
    this.#video.disabled = video || (asked("video") && !recording);
    this.#photo.disabled = video || recording?.picture === false;
    this.#raw.disabled = video;
    this.#cancel.hidden = !photos.length && (!taking || (taking.of === 1 && !taking.due));
    this.#cancelVideo.hidden = !video;
    if (recording || capture.library?.encoding) import("./recording.js").then(({ videoWords }) => (this.#words = videoWords), () => {});
    const [doing, passing = ""] = this.#words?.(capture, this.#now_ms) ?? (taking ? this.#taken(taking) : [this.#begins(asked)]);
    write(this.#doing, doing);
    write(this.#passing, passing);
    const count = photos.reduce((sum, { of }) => sum + of, 0);
    const words = [count && (count === 1 ? "One photo" : `${count} photos`), video && (count ? "a video" : "A video")].filter(Boolean);
    write(this.#waits, words.length ? `${words.join(" and ")} ${words.length > 1 || count > 1 ? "are" : "is"} waiting for the ${recording ? "end of the video" : "camera"}.` : "");
  }

  /** @param {Photos} taking */
  #taken({ kind, done, of, due }) {
    const left_s = due ? Math.ceil((Date.parse(due) - this.#now_ms) / 1000) : 0;
    return left_s > 0 ? ["Self-timer", `: ${left_s} s`] : [of > 1 ? `Taking ${done + 1} of ${of}…` : this.#begins((one) => one === kind)];
  }

  /** @param {(kind: string) => boolean} asked  whether that is on its way */
  #begins(asked) {
    if (asked("video")) return "Starting the video…";
    return asked("raw") ? "Taking a raw photo…" : asked("photo") ? "Taking a photo…" : "";
  }

  get #now_ms() {
    return Date.now() + this.#context.status.ahead_ms;
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
