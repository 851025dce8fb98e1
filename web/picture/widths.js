// @ts-check
/**
 * The width of the pictures to request: smaller while the link is slow. Twice the width has about four times the bytes.
 * A larger width that has proved too slow is tried less often.
 */

/** The widths that the server offers, full size first. */
const STEPS = [0, 1280, 640, 320];
const SMALL = 2; // of these
const IN_TIME_MS = 2_000;
const LIVE_MS = 500; // for a frame of live view: two a second
const GROWTH = [16, 4, 4]; // at most so many times the bytes: a full picture may be 4,608 px wide
const QUICK = 3; // quick pictures before the next larger width is tried, up to
const MOST_QUICK = 48;
const LIVE_TIMES = 10; // as many live frames

export class Widths {
  #largest = 0;
  #step = 0;
  #slow_ms = 0;
  #quick = 0;
  #needed = QUICK;
  #grew = false;

  /** The width to ask for, in pixels; 0: the whole picture. */
  get width() {
    return STEPS[this.#step];
  }

  /** Whether small pictures are wanted, to save data. */
  get small() {
    return this.#largest > 0;
  }

  set small(wanted) {
    this.#largest = wanted ? SMALL : 0;
    this.#step = wanted ? Math.max(this.#step, SMALL) : 0;
    this.#quick = 0;
  }

  /**
   * Record a picture, or the part of it that arrived before the link fell silent; single live frames may be slow.
   * @param {number} width  that was asked for
   * @param {number} took_ms  from the first of its bytes to the last
   * @param {boolean} [live]
   */
  took(width, took_ms, live = false) {
    if (width !== this.width) return; // requested before the width changed
    const limit_ms = live ? LIVE_MS : IN_TIME_MS;
    if (took_ms > limit_ms) {
      this.#slow_ms += took_ms;
      this.#quick = 0;
      if (this.#slow_ms > IN_TIME_MS) this.#shrink(took_ms / limit_ms);
      return;
    }
    this.#slow_ms = 0;
    const largest = this.#step === this.#largest;
    if (!largest && took_ms * GROWTH[this.#step - 1] >= limit_ms) this.#quick = 0;
    else if (++this.#quick < this.#needed * (live ? LIVE_TIMES : 1)) return;
    else if (largest) this.#needed = QUICK;
    else this.#change(-1);
  }

  /** @param {number} times  too slow */
  #shrink(times) {
    if (this.#grew) this.#needed = Math.min(2 * this.#needed, MOST_QUICK);
    this.#change(Math.max(1, Math.ceil(Math.log2(times) / 2))); // each step has a quarter of the bytes
  }

  /** @param {number} steps  to a smaller width */
  #change(steps) {
    this.#step = Math.min(this.#step + steps, STEPS.length - 1);
    this.#grew = steps < 0;
    this.#quick = this.#slow_ms = 0;
  }
}
