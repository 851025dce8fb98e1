// @ts-check
/** What the detector sees: changed blocks over the picture, and their number against the threshold, so that a person can choose the sensitivity. */

import { el, write } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { Blocks } from "./blocks.js";
import { LevelGraph } from "./level-graph.js";
import { History, summary } from "./levels.js";

/** @typedef {import("./levels.js").Levels} Levels */

const PAUSE_MS = 500; // from an answer to the next question
const MOST_MS = 4_000; // from a question to the next: 5 s after the last one, the detector of a disarmed camera ends
const WORDS_MS = 4_000; // from one reading aloud to the next
const STILL_MS = 2_000; // from one drawing to the next, for who wants less motion
const KEYS = [
  ["counting", "Counts as motion"], ["others", "Changed, but does not count"], ["masked", "Left out by zones"],
  ["ignored", "Ignored: the detector learns, or the light has changed"],
];

export class Tuner {
  element;
  #context;
  #blocks = new Blocks();
  #graph = new LevelGraph();
  #history = new History();
  #words = el("p", { class: "tuner-words", role: "status" });
  #less = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Levels | null} */
  #levels = null;
  #shown = false;
  /** Ends the pause before the next question. */
  #wake = () => {};
  #asking = false;
  /** When they were written and drawn last (`performance.now()`). */
  #written = -Infinity;
  #drawn = -Infinity;

  /**
   * @param {any} context
   * @param {import("../../picture/zones/picture.js").ZonePicture} picture
   */
  constructor(context, picture) {
    this.#context = context;
    picture.layer().append(this.#blocks.element);
    this.element = el("section", { class: "card tuner", "aria-label": "What the detector sees" },
      el("h3", { text: "What the detector sees" }),
      el("ul", { class: "tuner-keys" }, KEYS.map(([kind, text]) => el("li", {}, el("span", { class: `tuner-key ${kind}`, "aria-hidden": "true" }), text))),
      this.#graph.element, this.#words);
    this.#graph.show([], 0);
    context.settings.subscribe(() => this.#wake()); // another sensitivity has another threshold
    document.addEventListener("visibilitychange", () => this.#run());
  }

  shown() {
    this.#shown = true;
    this.#run();
  }

  hidden() {
    this.#shown = false;
    this.#wake();
  }

  get #wanted() {
    return this.#shown && !document.hidden;
  }

  /** Ask, draw, wait, while anybody can see it. */
  async #run() {
    if (this.#asking) return;
    this.#asking = true;
    let failures = 0;
    while (this.#wanted) {
      const began = performance.now();
      try {
        this.#take(await this.#context.api.get(`api/motion/level?after=${this.#history.newest}`));
        failures = 0;
      } catch (error) {
        failures++;
        this.#blocks.show(null);
        this.#say(errorText(error));
      }
      const took = performance.now() - began;
      await this.#pause(Math.max(PAUSE_MS, Math.min(PAUSE_MS * 2 ** failures + 2 * took, MOST_MS - took)));
    }
    this.#asking = false;
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /** @param {Levels} levels */
  #take(levels) {
    const { settings } = this.#context;
    const raised = levels.threshold !== this.#levels?.threshold;
    this.#levels = levels;
    this.#history.add(levels.looks);
    const looks = this.#history.aged();
    // Zones that exclude are hatched where they can be changed; here it is what lies outside of those that include.
    const includes = (settings.get("motion.zones") ?? []).some((/** @type {string} */ zone) => zone.startsWith("include"));
    this.#blocks.show(levels, includes);
    if (raised || !this.#less.matches || performance.now() - this.#drawn >= STILL_MS) {
      this.#drawn = performance.now();
      this.#graph.show(looks, levels.threshold);
    }
    this.#say(summary(looks, levels, settings.get("motion.after_s") ?? 5));
  }

  /** Not with each look: it is read aloud. @param {string} text */
  #say(text) {
    if (performance.now() - this.#written < WORDS_MS) return;
    this.#written = performance.now();
    write(this.#words, text);
  }
}
