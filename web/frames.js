// @ts-check
/**
 * Frames as the server publishes them.
 *
 * They bypass the HTTP cache (`no-store`): at 15 a second it would fill a
 * phone's disk; `If-None-Match` is set by hand instead.
 */

import { ask, Refused } from "./api.js";

/**
 * A frame as the server published it.
 * @typedef {object} Frame
 * @property {string} name  its file name, which is also its ETag
 * @property {Date} time    when it was taken, by the camera's clock
 * @property {number} born  the same moment on this page's `performance.now()`, ms:
 *                          reckoned from its age, so the two clocks may differ
 * @property {Blob} blob    the JPEG, byte for byte
 */

const FRAME_LIMIT_MS = 30_000; // a full-size still over a slow phone network
const NEXT_LIMIT_MS = 10_000; // a live camera that says nothing this long is not live

/**
 * The current frame, or null while that is still the one named `known`.
 * @param {string} known  "" for none
 * @param {AbortSignal} signal
 * @param {string} [at]  the address of its camera; "": the page's own
 * @returns {Promise<Frame | null>}
 */
export function currentFrame(known, signal, at = "") {
  /** @type {Record<string, string>} */
  const headers = known ? { "If-None-Match": `"${known}"` } : {};
  const url = `${at}images/current.jpg?t=${Date.now()}`;
  return ask(url, { headers, signal, limit_ms: FRAME_LIMIT_MS }, frameAfter(known));
}

/**
 * The first frame after the one named `known`, as soon as there is one;
 * null when the server got tired of waiting.
 * @param {string} known
 * @param {AbortSignal} signal
 * @param {string} [at]  as for `currentFrame`
 * @returns {Promise<Frame | null>}
 */
export function nextFrame(known, signal, at = "") {
  const url = `${at}images/current.jpg?after=${encodeURIComponent(known)}`;
  return ask(url, { signal, limit_ms: NEXT_LIMIT_MS }, frameAfter(known));
}

/**
 * How to read a frame out of an answer; null where it is the one named `known`.
 * @param {string} known
 * @returns {(response: Response) => Promise<Frame | null>}
 */
const frameAfter = (known) => async (response) => {
  const { headers, status } = response;
  if (status === 304 || status === 204) return null;
  if (!headers.get("Content-Type")?.startsWith("image/jpeg")) {
    await response.body?.cancel();
    throw new Refused("The answer is not a picture: is the address right?");
  }
  const name = (headers.get("ETag") ?? "").replace(/^W\/|"/g, "");
  const time = new Date(headers.get("X-Frame-Time") ?? Date.now());
  const born = performance.now() - 1000 * age_s(headers, time);
  const blob = await response.blob();
  return name && name === known ? null : { name: name || "camera.jpg", time, born, blob };
};

/**
 * How old the frame was when it was sent. A cache on the way leaves the server's word out, since that
 * would not be true any more: then it is the time from the frame to the answer, both by the camera's clock.
 * @param {Headers} headers
 * @param {Date} time  of the frame
 */
function age_s(headers, time) {
  const told = headers.get("X-Frame-Age");
  if (told !== null) return Number(told);
  const sent_ms = Date.parse(headers.get("Date") ?? "");
  return Number.isNaN(sent_ms) ? 0 : Math.max(0, (sent_ms - time.getTime()) / 1000);
}
