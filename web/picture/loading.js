// @ts-check
/** Progress of a picture that loads slowly: a bar and the kilobytes received, over the picture. */

import { el } from "../base/dom.js";

/** @typedef {import("./request.js").Progress} Progress */

const AFTER_MS = 2_000; // faster pictures show no bar

export class Loading {
  #bar = el("progress", { "aria-label": "Loading the picture" });
  #words = el("span");

  constructor() {
    this.element = el("p", { class: "loading", hidden: true }, this.#bar, this.#words);
  }

  /**
   * @param {Progress | null} progress  of the picture that is loading; null: none
   * @returns whether it is slow
   */
  show(progress) {
    const slow = progress !== null && performance.now() - progress.since >= AFTER_MS;
    this.element.hidden = !slow;
    if (!slow) return false;
    const { received, total } = progress;
    if (total) this.#bar.value = received / total;
    else this.#bar.removeAttribute("value");
    this.#words.textContent = total ? `${kilobytes(received)} of ${kilobytes(total)} kB` : `${kilobytes(received)} kB`;
    return true;
  }
}

/** @param {number} bytes */
const kilobytes = (bytes) => Math.round(bytes / 1000).toLocaleString("en");
