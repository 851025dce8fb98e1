// @ts-check
/**
 * Looking through a series by dragging: thumbnails while the slider moves, the full picture once it rests.
 *
 * One question is under way at a time; of those that come meanwhile the newest is asked next, so a slow
 * camera gathers no queue and what is shown follows the hand.
 */

import { inZone, zoneNote } from "../../base/camera-time.js";
import { el, icon } from "../../base/dom.js";
import { exposure } from "../live/controls/numbers.js";
import { size } from "../../base/text.js";

/** @typedef {import("./api.js").Shot} Shot */
/** @typedef {import("./api.js").Summary} Summary */

/** Why a series has no picture, by its state. @type {Record<string, string>} */
const NONE = {
  planned: "No picture yet: the first one follows when the series starts.",
  running: "No picture yet: the first one follows when it is due.",
  paused: "No picture yet: the series is paused. Resume it to take the first one.",
  failed: "No picture yet: the series has failed, for the reason below.",
  finished: "This series has ended without a picture.",
};
const REST_MS = 350;
const PLAY_MS = 100;

export class Scrub {
  element;
  #series;
  /** @type {Summary | null} */
  #summary = null;
  /** The shot on the screen. @type {Shot | null} */
  #shot = null;
  /** The number that is wanted. */
  #wanted = -1;
  #busy = false;
  #timer = 0;
  /** Whether the newest one is to be followed. */
  #following = true;
  #playing = false;
  #onShot;

  #picture = el("img", { class: "scrub-picture", alt: "", hidden: true, draggable: "false" });
  #none = el("p", { class: "scrub-none" }, "");
  #range = el("input", { type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Picture" });
  #time = el("strong", {});
  #facts = el("span", { class: "hint" });
  #save = el("a", { class: "button", download: "", text: "Download" });
  #raw = el("a", { class: "button", download: "", text: "Raw", hidden: true });
  #play = el("button", { type: "button", "aria-pressed": "false", text: "Play", onclick: () => this.#playOrStop() });

  /**
   * @param {import("./api.js").SeriesApi} series
   * @param {(time: string) => void} onShot  called with the time of the picture that is shown
   */
  constructor(series, onShot) {
    this.#series = series;
    this.#onShot = onShot;
    const step = (/** @type {number} */ by, /** @type {string} */ words, /** @type {string} */ path) =>
      el("button", { type: "button", class: "scrub-step", "aria-label": words, title: words, onclick: () => this.#step(by) }, icon(path));
    this.element = el("section", { class: "scrub", "aria-label": "Pictures" },
      el("div", { class: "scrub-stage" }, this.#picture, this.#none),
      el("div", { class: "scrub-bar" }, step(-1, "Earlier", "M15 5l-7 7 7 7"), this.#range, step(1, "Later", "M9 5l7 7-7 7")),
      el("div", { class: "scrub-facts" }, el("p", {}, this.#time, " ", this.#facts), el("div", { class: "actions" }, this.#play, this.#raw, this.#save)));
    this.#range.addEventListener("input", () => this.#go(Number(this.#range.value)));
  }

  /** @param {Summary} summary  the newest */
  show(summary) {
    const other = summary.name !== this.#summary?.name;
    this.#summary = summary;
    const last = summary.last?.n ?? 0;
    this.#range.min = String(summary.first?.n ?? 0);
    this.#range.max = String(last);
    for (const part of /** @type {HTMLElement[]} */ ([...this.element.children].slice(1))) part.hidden = !summary.last;
    if (other) this.#following = true;
    this.#none.textContent = NONE[summary.state];
    if (summary.last && this.#following && last !== this.#wanted) {
      this.#range.value = String(last);
      this.#want(last);
    }
  }

  /** Look at the one that was taken then. @param {number} n */
  go(n) {
    this.#range.value = String(n);
    this.#go(Number(this.#range.value));
  }

  stop() {
    this.#playing = false;
    this.#play.textContent = "Play";
    this.#play.setAttribute("aria-pressed", "false");
    clearTimeout(this.#timer);
  }

  /** @param {number} n */
  #go(n) {
    this.#following = n === this.#summary?.last?.n;
    this.#want(n);
  }

  /** @param {number} by */
  #step(by) {
    this.stop();
    this.go(Math.min(Number(this.#range.max), Math.max(Number(this.#range.min), (this.#shot?.n ?? 0) + by)));
  }

  #playOrStop() {
    if (this.#playing) {
      this.stop();
      return;
    }
    this.#playing = true;
    this.#play.textContent = "Stop";
    this.#play.setAttribute("aria-pressed", "true");
    if (this.#shot && this.#shot.n >= Number(this.#range.max)) this.go(Number(this.#range.min));
    else this.go((this.#shot?.n ?? 0) + 1);
  }

  /** @param {number} n */
  #want(n) {
    this.#wanted = n;
    clearTimeout(this.#timer);
    if (!this.#busy) this.#load();
  }

  async #load() {
    const summary = this.#summary;
    if (!summary) return;
    this.#busy = true;
    const wanted = this.#wanted;
    try {
      const shot = await this.#series.shot(summary.name, wanted);
      if (this.#summary?.name === summary.name && wanted === this.#wanted) this.#skip(shot);
      if (shot && this.#summary?.name === summary.name) await this.#draw(summary, shot, "thumbnail");
    } catch {
      // The picture before stays; the next move asks again.
    }
    this.#busy = false;
    if (wanted !== this.#wanted || summary.name !== this.#summary?.name) this.#load();
    else this.#timer = window.setTimeout(() => this.#rest(), this.#playing ? PLAY_MS : REST_MS);
  }

  /** Where frames were thinned away, going back one leads to the same again: go further. @param {Shot | null} shot */
  #skip(shot) {
    const same = shot && shot.n === this.#shot?.n && this.#wanted < shot.n && this.#wanted > Number(this.#range.min);
    if (same) this.#wanted = Math.max(Number(this.#range.min), shot.n - 2 * (shot.n - this.#wanted));
  }

  /** Nothing has moved for a while. */
  #rest() {
    const shot = this.#shot;
    const summary = this.#summary;
    if (!shot || !summary || !this.element.isConnected) return;
    if (this.#playing && shot.n < Number(this.#range.max)) {
      this.go(shot.n + 1);
      return;
    }
    this.stop();
    this.#draw(summary, shot, "").catch(() => {}); // the thumbnail stays
  }

  /** @param {Summary} summary @param {Shot} shot @param {string} what */
  async #draw(summary, shot, what) {
    const address = this.#series.picture(summary, shot.n, what);
    const loaded = new Image();
    loaded.src = address;
    await loaded.decode();
    if (what === "" && this.#shot !== shot) return;
    this.#shot = shot;
    this.#picture.src = address;
    this.#picture.hidden = false;
    this.#picture.dataset.quality = what || "full";
    this.#none.hidden = true;
    this.#picture.parentElement?.style.setProperty("--aspect", String(loaded.naturalWidth / loaded.naturalHeight));
    this.#showFacts(summary, shot);
  }

  /** @param {Summary} summary @param {Shot} shot */
  #showFacts(summary, shot) {
    const time = inZone(shot.time, summary.zone, { dateStyle: "medium", timeStyle: "medium" }) + zoneNote(shot.time, summary.zone);
    const { ExposureTime: exposed, AnalogueGain: gain } = shot.metadata ?? {};
    this.#time.textContent = time;
    this.#facts.textContent = [`No. ${shot.n}`, size(shot.bytes), exposed && exposure(exposed), gain && `gain ${gain.toFixed(1)}`].filter(Boolean).join(" · ");
    this.#range.setAttribute("aria-valuetext", `Picture ${shot.n}, ${time}`);
    this.#picture.alt = `Picture ${shot.n} of ${summary.name}, taken ${time}`;
    this.#save.href = this.#series.picture(summary, shot.n, "download");
    this.#raw.hidden = !shot.files.some((file) => file.endsWith(".dng"));
    this.#raw.href = this.#series.picture(summary, shot.n, "file=raw&download");
    if (this.#wanted <= shot.n && !this.#busy) this.#range.value = String(shot.n);
    this.#onShot(shot.time);
  }
}
