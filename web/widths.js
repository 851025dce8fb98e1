// @ts-check
/**
 * At which width to ask for pictures: the whole one, or a smaller one while the link is slow.
 *
 * A picture of twice the width has about four times the bytes. So one that took too long says how much smaller the
 * next has to be, and some that came quickly that the next larger one would come in time. Where that turns out wrong,
 * it is tried more rarely.
 */

/** Those that the server offers, from the whole picture down. */
const STEPS = [0, 1280, 640, 320];
const IN_TIME_MS = 2_000;
const GROWTH = [16, 4, 4]; // how much more the next larger step has, at most: a camera's whole picture may be 4,608 px wide
const QUICK = 3; // so many quick pictures, before a larger one is asked for ...
const MOST_QUICK = 48; // ... up to so many, after it was too slow

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
   * A picture has come, or what there was of it before the link fell silent.
   * @param {number} width  that was asked for
   * @param {number} took_ms  from the first of its bytes to the last
   */
  took(width, took_ms) {
    if (width !== this.width) return; // asked for before this was known
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
