// @ts-check
/**
 * Zoom and pan of one picture in its frame: wheel, pinch, drag, double click, and by keys.
 * A swipe along a picture that is not enlarged asks for its neighbour.
 */

const MAX_SCALE = 12;
const SWIPE_PX = 60;

export class Zoom {
  #frame;
  #picture;
  #swipe;
  #scale = 1;
  #x = 0;
  #y = 0;
  /** @type {Map<number, {x: number, y: number}>} */
  #pointers = new Map();
  #start = { x: 0, y: 0 };

  /**
   * @param {HTMLElement} frame    what is seen of the picture
   * @param {HTMLElement} picture  lies in it
   * @param {(direction: -1 | 1) => void} swipe
   */
  constructor(frame, picture, swipe) {
    this.#frame = frame;
    this.#picture = picture;
    this.#swipe = swipe;
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.#down(event));
    frame.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) {
      frame.addEventListener(end, (event) => this.#up(/** @type {PointerEvent} */ (event)));
    }
    frame.addEventListener("dblclick", (event) => (this.#scale > 1 ? this.reset() : this.#by(3, event.clientX, event.clientY)));
  }

  reset() {
    [this.#scale, this.#x, this.#y] = [1, 0, 0];
    this.#apply();
  }

  /** @param {number} factor */
  by(factor) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    this.#by(factor, left + width / 2, top + height / 2);
  }

  /** @param {number} x @param {number} y  in parts of the frame */
  pan(x, y) {
    this.#x -= x * this.#frame.clientWidth;
    this.#y -= y * this.#frame.clientHeight;
    this.#apply();
  }

  get enlarged() {
    return this.#scale > 1;
  }

  /**
   * Enlarge about a point of the screen, which stays where it is.
   * @param {number} factor @param {number} clientX @param {number} clientY
   */
  #by(factor, clientX, clientY) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    const scale = Math.min(MAX_SCALE, Math.max(1, this.#scale * factor));
    const [x, y] = [clientX - left - width / 2, clientY - top - height / 2];
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#apply();
  }

  #apply() {
    const limit = (/** @type {number} */ side) => (side * (this.#scale - 1)) / 2;
    const clamp = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(-most, Math.min(most, value));
    this.#x = clamp(this.#x, limit(this.#frame.clientWidth));
    this.#y = clamp(this.#y, limit(this.#frame.clientHeight));
    this.#picture.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.#frame.dataset.enlarged = String(this.enlarged);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    this.#by(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button) return;
    this.#frame.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#start = { x: event.clientX, y: event.clientY };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const now = { x: event.clientX, y: event.clientY };
    this.#pointers.set(event.pointerId, now);
    const other = others[0];
    if (other) {
      const apart = (/** @type {{x: number, y: number}} */ point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      this.#by(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (this.enlarged) {
      this.#x += now.x - before.x;
      this.#y += now.y - before.y;
      this.#apply();
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const alone = this.#pointers.size === 1 && this.#pointers.delete(event.pointerId);
    this.#pointers.delete(event.pointerId);
    if (!alone || this.enlarged || event.type === "pointercancel") return;
    const across = event.clientX - this.#start.x;
    if (Math.abs(across) > SWIPE_PX && Math.abs(across) > 2 * Math.abs(event.clientY - this.#start.y)) {
      this.#swipe(across < 0 ? 1 : -1);
    }
  }
}
