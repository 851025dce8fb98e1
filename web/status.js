// @ts-check
/**
 * How camera and server are, for all of the page: told by the server as it changes. Where a proxy breaks
 * or gathers what the server tells, it is asked every 5 s instead, and the other way is tried again later.
 */

import { listen, status } from "./api.js";
import { merged } from "./settings-store.js";

/** @typedef {import("./api.js").Status} Status */
/** @typedef {"settings" | "library" | "series" | "films"} Topic */

const POLL_MS = 5_000;
const FIRST_MS = 10_000; // what comes later than this from the open stream was gathered on the way
const SILENT_MS = 40_000; // the server says something every 15 s
const STEADY_MS = 60_000; // a stream that has lasted so long is tried again at once
const AGAIN_MS = [1_000, 5_000, 15_000, 60_000, 300_000];
const COALESCED_S = 2; // the server gathers for a second what it tells

export class StatusFeed {
  /** The newest status, and null before the first. @type {Status | null} */
  latest = null;
  #allowed = false;
  #asked = -Infinity;
  /** Ends the stream. @type {(() => void) | null} */
  #end = null;
  #began = 0;
  /** Something has come from the stream. */
  #streams = false;
  #breaks = 0;
  #timers = { limit: 0, again: 0, poll: 0 };
  /** @type {Promise<Status> | null} */
  #asking = null;
  /** @type {Set<(status: Status) => void>} */
  #listeners = new Set();
  /** @type {Map<Topic, Set<() => void>>} */
  #followers = new Map();

  constructor() {
    document.addEventListener("visibilitychange", () => this.restart());
    addEventListener("online", () => this.restart());
    addEventListener("pagehide", () => this.#stop());
    addEventListener("pageshow", (event) => event.persisted && this.restart());
  }

  /** Whether the server may be asked, of which everything is asked anew. @param {boolean} allowed */
  set allowed(allowed) {
    this.#allowed = allowed;
    this.restart();
  }

  /** How long ago `latest` was the truth, in seconds; null before the first. */
  get age_s() {
    if (!this.latest) return null;
    return this.#streams ? COALESCED_S : (performance.now() - this.#asked) / 1000;
  }

  /**
   * Call `listener` with each newer status.
   * @param {(status: Status) => void} listener
   * @returns {() => void} ends it
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    if (this.latest) listener(this.latest);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Call `listener` when one of the topics has changed.
   * @param {Topic[]} topics
   * @param {() => void} listener
   * @returns {() => void} ends it
   */
  follow(topics, listener) {
    for (const topic of topics) this.#followers.set(topic, (this.#followers.get(topic) ?? new Set()).add(listener));
    return () => {
      for (const topic of topics) this.#followers.get(topic)?.delete(listener);
    };
  }

  /**
   * Ask now, and tell all subscribers.
   * @returns {Promise<Status>}
   */
  ask() {
    const asked = performance.now();
    this.#asking ??= status()
      .then((answer) => {
        this.#asked = asked;
        this.#take(answer);
        return answer;
      })
      .finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** Begin anew, or stop where nobody sees the page: a browser has few connections for a server. */
  restart() {
    this.#stop();
    this.#breaks = 0;
    if (this.#allowed && !document.hidden) this.#open();
  }

  #stop() {
    this.#end?.();
    this.#end = null;
    this.#streams = false;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }

  #open() {
    this.#began = performance.now();
    this.#end = listen((event, document) => this.#told(event, document), () => this.#broken());
    this.#limit(FIRST_MS);
  }

  /** @param {number} limit_ms  from one event to the next */
  #limit(limit_ms) {
    clearTimeout(this.#timers.limit);
    this.#timers.limit = window.setTimeout(() => this.#broken(), limit_ms);
  }

  /** @param {string} event @param {any} document */
  #told(event, document) {
    this.#limit(SILENT_MS);
    this.#streams = true;
    this.#asked = performance.now();
    clearTimeout(this.#timers.poll);
    if (event === "status") this.#take(document);
    if (event === "change" && this.latest) this.#take(merged(this.latest, document));
  }

  /** The stream has ended, or says nothing. */
  #broken() {
    if (this.#streams && performance.now() - this.#began > STEADY_MS) this.#breaks = 0;
    const again_ms = AGAIN_MS[Math.min(this.#breaks++, AGAIN_MS.length - 1)];
    this.#stop();
    this.#timers.again = window.setTimeout(() => this.#open(), again_ms);
    this.#poll();
  }

  async #poll() {
    await this.ask().catch(() => {}); // the picture meets the same, and its words say it
    clearTimeout(this.#timers.poll);
    if (this.#allowed && !document.hidden && !this.#streams) this.#timers.poll = window.setTimeout(() => this.#poll(), POLL_MS);
  }

  /** @param {Status} status */
  #take(status) {
    const before = this.latest?.revisions ?? {};
    this.latest = status;
    for (const listener of [...this.#listeners]) listener(status);
    const now = status.revisions ?? {};
    const changed = [...this.#followers.keys()].filter((topic) => before[topic] && now[topic] && before[topic] !== now[topic]);
    for (const listener of new Set(changed.flatMap((topic) => [...(this.#followers.get(topic) ?? [])]))) listener();
  }
}
