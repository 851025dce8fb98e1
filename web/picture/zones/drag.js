// @ts-check
/** Follows a pointer from where it was pressed to where it is let go. */

/**
 * @param {PointerEvent} event  that began it, on the element that then holds the pointer
 * @param {AbortSignal} signal  ends it without a result
 * @param {{moved: (event: PointerEvent) => void, ended: (last: PointerEvent | null) => void}} on
 *   `last` is where it was let go; null: it was cancelled
 * @returns {boolean} whether it has begun: with the main button or the first finger
 */
export function drag(event, signal, { moved, ended }) {
  if (event.button || !event.isPrimary) return false;
  event.preventDefault();
  const target = /** @type {Element} */ (event.currentTarget);
  const over = new AbortController();
  const end = (/** @type {PointerEvent | null} */ at) => {
    over.abort();
    ended(at);
  };
  const listen = (/** @type {string} */ kind, /** @type {(event: any) => void} */ act) => target.addEventListener(kind, act, { signal: over.signal });
  target.setPointerCapture(event.pointerId);
  listen("pointermove", moved);
  listen("pointerup", end);
  listen("pointercancel", () => end(null));
  signal.addEventListener("abort", () => end(null), { signal: over.signal });
  return true;
}
