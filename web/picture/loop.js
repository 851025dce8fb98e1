// @ts-check
/**
 * The loop that brings frames: ask, draw, wait. One request at a time, none while hidden, slower when asking fails.
 * Live is the same loop without the wait; docs/internals/architecture.md says why it does not read the stream.
 */

import { currentFrame, nextFrame } from "./request.js";
import { Widths } from "./widths.js";

/** @typedef {import("./request.js").Frame} Frame */
/** @typedef {import("./request.js").Progress} Progress */

const POLL_MS = 2_000;
const SMALL_FPS = 5; // of live view with small pictures
const BACK_OFF_MS = [1_000, 2_000, 4_000, 8_000, 10_000];
const LIVE_BACK_OFF_MS = [5_000, 10_000, 20_000, 60_000];

export class FrameLoop {
  /** How many times in a row asking has failed. */
  failures = 0;
  /** Why, at the last of them. @type {Error | null} */
  error = null;
  /** Live is wanted, yet it broke: polling meanwhile. */
  interrupted = false;
  /** How far the picture is that is on its way; null: none is. @type {Progress | null} */
  progress = null;
  /** Live frames, at most so many a second; 0: all. */
  fps = 0;
  #active = true;
  #live = false;
  #liveBreaks = 0;
  #liveAgainAt = 0;
  /** The tag of the frame on the screen. */ known = "";
  #show;
  #report;
  #at;
  #ended = new AbortController();
  #asking = new AbortController();
  #widths = new Widths();
  /** The live request that is on its way while a frame is drawn. @type {Promise<Frame | null> | null} */
  #ahead = null;
  /** Ends the wait that is going on, or the next one. */
  #wake = () => {};

  /**
   * @param {(frame: Frame) => Promise<void>} show  draws a frame; rejects a damaged one
   * @param {() => void} report  is called whenever something here has changed
   * @param {string} [at]  the address of the camera; "": the page's own
   */
  constructor(show, report, at = "") {
    this.#show = show;
    this.#report = report;
    this.#at = at;
    const { signal } = this.#ended;
    document.addEventListener("visibilitychange", () => this.#restart(), { signal });
    addEventListener("online", () => this.#restart(), { signal });
    addEventListener("pageshow", ({ persisted }) => persisted && this.#restart(), { signal });
    // A request over the previous network never ends by itself. Safari and Firefox have no such event.
    /** @type {any} */ (navigator).connection?.addEventListener("change", () => this.#restart(), { signal });
    addEventListener("offline", () => this.#report(), { signal });
  }

  /** While false nothing is asked for: nobody can see the picture. */
  get active() {
    return this.#active;
  }

  set active(wanted) {
    if (wanted === this.#active) return;
    this.#active = wanted;
    this.#restart();
  }

  get live() {
    return this.#live;
  }

  set live(wanted) {
    if (wanted === this.#live) return;
    this.#live = wanted;
    this.interrupted = false;
    this.#liveBreaks = this.#liveAgainAt = 0;
    this.#restart();
  }

  /** Whether pictures are small, and live frames few: it saves data. */
  get small() {
    return this.#widths.small;
  }

  set small(wanted) {
    if (wanted !== this.small) this.#restart();
    this.#widths.small = wanted;
  }

  /** Stop for good. */
  end() {
    this.#ended.abort();
    this.#restart();
  }

  /** Bring frames until `end`. */
  async run() {
    while (!this.#ended.signal.aborted) {
      const woken = new Promise((wake) => (this.#wake = () => wake(undefined)));
      const wait_ms = document.hidden || !this.#active ? Infinity : await this.#turn();
      this.#report();
      await Promise.race([woken, elapsed(wait_ms)]);
    }
  }

  /** Drop what is under way and ask at once (or stop, if nobody sees the page by now). */
  #restart() {
    this.#drop();
    this.#wake();
  }

  #drop() {
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#ahead = null;
  }

  /** Ask and draw once. @returns how long to wait before the next time, ms */
  async #turn() {
    const { signal } = this.#asking;
    const live = this.#live && this.known !== "" && performance.now() >= this.#liveAgainAt;
    try {
      const frame = await (this.#ahead ?? this.#ask(live ? nextFrame : currentFrame, this.known, signal));
      this.#ahead = null;
      if (frame) {
        this.#widths.took(frame.width, frame.took_ms, live);
        if (live) this.#askAhead(frame.tag, signal);
        await this.#show(frame);
        this.known = frame.tag;
      }
      this.#succeeded(live);
      // Without a frame live waits too: something between answers "after" at once.
      return frame && this.#live && !this.interrupted ? 0 : POLL_MS;
    } catch (error) {
      if (signal.aborted) return 0; // by us, to start again
      this.#drop();
      return this.#failed(/** @type {Error} */ (error), live);
    }
  }

  /** @param {string} tag @param {AbortSignal} signal */
  #askAhead(tag, signal) {
    this.#ahead = this.#ask(nextFrame, tag, signal);
    this.#ahead.catch(() => {}); // handled by the turn that awaits it
  }

  /** @param {typeof nextFrame} ask @param {string} known @param {AbortSignal} signal */
  async #ask(ask, known, signal) {
    const { width, small } = this.#widths;
    try {
      return await ask(known, { signal, at: this.#at, width, fps: small ? SMALL_FPS : this.fps, progress: (progress) => this.#progresses(progress) });
    } catch (error) {
      if (this.progress && !signal.aborted) this.#widths.took(width, performance.now() - this.progress.since);
      throw error;
    } finally {
      this.progress = null;
    }
  }

  /** @param {Progress} progress */
  #progresses(progress) {
    this.progress = progress;
    this.#report();
  }

  /** @param {boolean} live */
  #succeeded(live) {
    this.failures = 0;
    this.error = null;
    if (live) {
      this.interrupted = false;
      this.#liveBreaks = 0;
    }
  }

  /** @param {Error} error @param {boolean} live */
  #failed(error, live) {
    if (live) {
      this.interrupted = true;
      this.#liveAgainAt = performance.now() + step(LIVE_BACK_OFF_MS, ++this.#liveBreaks);
      return 0; // polling finds out whether anything else is wrong
    }
    this.error = error;
    return step(BACK_OFF_MS, ++this.failures);
  }
}

/** @param {number[]} steps @param {number} count  from 1 */
const step = (steps, count) => steps[Math.min(count, steps.length) - 1];

/** @param {number} ms */
const elapsed = (ms) => new Promise((resolve) => void (ms !== Infinity && setTimeout(resolve, ms)));
