// @ts-check
/** How the camera is, for whoever on the page wants to know. */

import { status } from "./api.js";

/** @typedef {import("./api.js").Status} Status */

const EVERY_MS = 2_000;
const AFTER_FAILURE_MS = 5_000;

export class StatusFeed {
  /** The newest answer, and null before the first. @type {Status | null} */
  latest = null;
  /** @type {Set<(status: Status) => void>} */
  #listeners = new Set();
  /** @type {Promise<Status> | null} */
  #asking = null;
  #running = false;
  #wake = () => {};

  constructor() {
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  /**
   * Ask now, and tell all subscribers.
   * @returns {Promise<Status>}
   */
  ask() {
    this.#asking ??= status()
      .then((answer) => {
        this.latest = answer;
        for (const listener of this.#listeners) listener(answer);
        return answer;
      })
      .finally(() => (this.#asking = null));
    return this.#asking;
  }

  /**
   * Call `listener` with each status, every 2 s for as long as anybody subscribes and the page is seen.
   * @param {(status: Status) => void} listener
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    if (this.latest) listener(this.latest);
    this.#run();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    while (this.#listeners.size) {
      const woken = new Promise((wake) => (this.#wake = () => wake(undefined)));
      const wait_ms = document.hidden ? Infinity : await this.ask().then(() => EVERY_MS, () => AFTER_FAILURE_MS);
      await Promise.race([woken, elapsed(wait_ms)]);
    }
    this.#running = false;
  }
}

/** @param {number} ms */
const elapsed = (ms) =>
  new Promise((resolve) => {
    if (ms !== Infinity) setTimeout(resolve, ms);
  });
