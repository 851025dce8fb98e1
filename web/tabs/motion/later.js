// @ts-check
/**
 * A part of the tab that is loaded when its place comes near the screen: the first screen does not wait for it.
 * It is also loaded when something in the tab gets the focus, or the Tab key could never reach it.
 */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";

/** @typedef {import("./tab.js").Part} Part */

const NEAR = "50%"; // of the screen

export class LaterPart {
  element = el("div", { class: "motion-later" });
  #load;
  /** @type {Part | null} */
  #part = null;
  #shown = false;
  #loads = false;
  #near = new IntersectionObserver((places) => places.some(({ isIntersecting }) => isIntersecting) && this.#bring(), { rootMargin: NEAR });

  /** @param {() => Promise<Part>} load */
  constructor(load) {
    this.#load = load;
  }

  shown() {
    this.#shown = true;
    if (this.#part) this.#part.shown();
    else {
      this.#near.observe(this.element);
      this.element.parentElement?.addEventListener("focusin", () => this.#bring(), { once: true });
    }
  }

  hidden() {
    this.#shown = false;
    this.#near.disconnect();
    this.#part?.hidden();
  }

  async #bring() {
    this.#near.disconnect();
    if (this.#loads) return;
    this.#loads = true;
    try {
      this.#part ??= await this.#load();
      fill(this.element, this.#part.element);
      if (this.#shown) this.#part.shown();
    } catch (error) {
      this.#loads = false;
      fill(this.element, el("p", { class: "problem", role: "alert", text: `This part of the page cannot be shown. ${errorText(error)}` }));
    }
  }
}
