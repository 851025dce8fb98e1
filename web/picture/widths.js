// @ts-check
/**
 * Chooses the width of the pictures to request: full size, or smaller while the link is slow.
 *
 * A picture of twice the width has about four times the bytes. One slow picture therefore shows how much smaller the
 * next has to be, and several quick ones that the next larger width would be fast enough. If that proves wrong, the
 * larger width is tried less often.
 */

/** The widths that the server offers, full size first. */
const STEPS = [0, 1280, 640, 320];
const IN_TIME_MS = 2_000;
const GROWTH = [16, 4, 4]; // at most how many times the bytes of the next larger step: a full picture may be 4,608 px wide
const QUICK = 3; // quick pictures before the next larger width is tried ...
const MOST_QUICK = 48; // ... up to this many after it was too slow

export class Widths {
  #step = 0;
  #quick = 0;
  #needed = QUICK;
  #grew = false;

  /** The width to ask for, in pixels; 0: the whole picture. */
  get width() {
    return STEPS[this.#step];
  }

  /**
   * Record a picture, or the part of it that arrived before the link fell silent.
   * @param {number} width  that was asked for
   * @param {number} took_ms  from the first of its bytes to the last
   */
  took(width, took_ms) {
    if (width !== this.width) return; // requested before the width changed
    if (took_ms > IN_TIME_MS) this.#shrink(took_ms / IN_TIME_MS);
    else if (this.#step === 0) this.#needed = QUICK;
    else if (took_ms * GROWTH[this.#step - 1] < IN_TIME_MS) this.#grow();
    else this.#quick = 0;
  }

  /** @param {number} times  too slow */
  #shrink(times) {
    if (this.#grew) this.#needed = Math.min(2 * this.#needed, MOST_QUICK);
    const fewer = Math.max(1, Math.ceil(Math.log2(times) / 2)); // steps; each has a quarter of the bytes
    this.#step = Math.min(this.#step + fewer, STEPS.length - 1);
    this.#quick = 0;
    this.#grew = false;
  }

  #grow() {
    this.#quick += 1;
    if (this.#quick < this.#needed) return;
    this.#step -= 1;
    this.#quick = 0;
    this.#grew = true;
  }
}
