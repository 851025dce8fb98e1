// @ts-check
/**
 * The state of camera and server for the whole page, from the server's event stream. Where a proxy breaks or
 * buffers the stream, the status is polled every 5 s instead, and the stream is tried again later.
 */

import { listen, status } from "./api.js";

/** @typedef {import("./api.js").Status} Status */
/** @typedef {"settings" | "library" | "series" | "films"} Topic */

const POLL_MS = 5_000;
const FIRST_MS = 10_000; // a stream whose first event comes later than this is buffered
const SILENT_MS = 40_000; // the server sends a heartbeat every 15 s
const STEADY_MS = 60_000; // a stream that has lasted this long is reopened without delay
const AGAIN_MS = [1_000, 5_000, 15_000, 60_000, 300_000];
const COALESCED_S = 2; // the server polls its own status once a second

export class StatusFeed {
  /** The newest status, and null before the first. @type {Status | null} */
  latest = null;
  /** By how much the camera's clock is ahead of this device's, in ms. */
  ahead_ms = 0;
  #allowed = false;
  /** When `latest` was asked for, or an event confirmed it. */
  #asked = -Infinity;
  /** Ends the stream. @type {(() => void) | null} */
  #end = null;
  #began = 0;
  /** Events have arrived from the stream. */
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

  /** Whether the server may be asked; setting it reconnects. @param {boolean} allowed */
  set allowed(allowed) {
    this.#allowed = allowed;
    this.restart();
  }

  /** How long ago `latest` was current, in seconds; null before the first. */
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
   * Ask now, and call all subscribers, unless an event has arrived meanwhile: the answer may be older than that.
   * @returns {Promise<Status>}
   */
  ask() {
    const asked = performance.now();
    this.#asking ??= status()
      .then((answer) => {
        if (this.#asked <= asked) {
          this.#asked = asked;
          this.#take(answer);
        }
        return answer;
      })
      .finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** Reconnect, or stop while the page is hidden: a browser opens few connections to one server. */
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
    this.#end = listen((event, document) => this.#heard(event, document), () => this.#broken());
    this.#limit(FIRST_MS);
  }

  /** @param {number} limit_ms  from one event to the next */
  #limit(limit_ms) {
    clearTimeout(this.#timers.limit);
    this.#timers.limit = window.setTimeout(() => this.#broken(), limit_ms);
  }

  /** @param {string} event @param {any} document */
  #heard(event, document) {
    this.#limit(SILENT_MS);
    this.#streams = true;
    this.#asked = performance.now();
    clearTimeout(this.#timers.poll);
    if (event === "status") this.#take(document);
    if (event === "change" && this.latest) this.#take(patched(this.latest, document));
  }

  /** The stream has ended, or is silent. */
  #broken() {
    if (this.#streams && performance.now() - this.#began > STEADY_MS) this.#breaks = 0;
    const again_ms = AGAIN_MS[Math.min(this.#breaks++, AGAIN_MS.length - 1)];
    this.#stop();
    this.#timers.again = window.setTimeout(() => this.#open(), again_ms);
    this.#poll();
  }

  async #poll() {
    await this.ask().catch(() => {}); // the picture fails in the same way, and its message says so
    clearTimeout(this.#timers.poll);
    if (this.#allowed && !document.hidden && !this.#streams) this.#timers.poll = window.setTimeout(() => this.#poll(), POLL_MS);
  }

  /** @param {Status} status */
  #take(status) {
    const before = this.latest?.revisions ?? {};
    this.latest = status;
    this.ahead_ms = Date.parse(status.now) - Date.now();
    for (const listener of [...this.#listeners]) listener(status);
    const now = status.revisions ?? {};
    const changed = [...this.#followers.keys()].filter((topic) => before[topic] && now[topic] && before[topic] !== now[topic]);
    for (const listener of new Set(changed.flatMap((topic) => [...(this.#followers.get(topic) ?? [])]))) listener();
  }
}

/**
 * A document after a merge patch (RFC 7396): null removes a member.
 * @param {any} older
 * @param {any} patch
 * @returns {any}
 */
function patched(older, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const result = typeof older === "object" && !Array.isArray(older) ? { ...older } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = patched(result[name], value);
  }
  return result;
}
