// @ts-check
/**
 * Frames as the server publishes them.
 *
 * They bypass the HTTP cache (`no-store`): at 15 a second it would fill a
 * phone's disk; `If-None-Match` is set by hand instead.
 */

import { ask, Refused } from "../server/api.js";

/**
 * A frame as the server published it.
 * @typedef {object} Frame
 * @property {string} name  its file name
 * @property {string} tag   its ETag: the name, and the width where it is a smaller one
 * @property {number} width  the one that was asked for; 0: the whole picture
 * @property {Date} time    when it was taken, by the camera's clock
 * @property {number} born  the same moment on this page's `performance.now()`, ms:
 *                          reckoned from its age, so the two clocks may differ
 * @property {number} took_ms  from the first of its bytes to the last
 * @property {Blob | HTMLVideoElement} blob  the JPEG, byte for byte; the video that shows it
 */

/**
 * How far a picture is on its way, in bytes.
 * @typedef {object} Progress
 * @property {number} since     when its first bytes came, on this page's `performance.now()`
 * @property {number} received
 * @property {number} total     0: unknown
 */

/**
 * How to ask for a frame.
 * @typedef {object} How
 * @property {AbortSignal} [signal]
 * @property {string} [at]     the address of its camera; "" or none: the page's own
 * @property {number} [width]  of a smaller picture, in pixels; 0 or none: the whole one
 * @property {number} [fps]    of frames after the known one, at most so many a second; 0 or none: all
 * @property {(progress: Progress) => void} [progress]  is called with each part of it
 */

const SILENCE_MS = 15_000; // even a slow link delivers something in this time
const NEXT_LIMIT_MS = 10_000; // a live camera that says nothing this long is not live

/**
 * The current frame, or null while that is still the one whose tag is `known`.
 * @param {string} known  "" for none
 * @param {How} how
 * @returns {Promise<Frame | null>}
 */
export function currentFrame(known, how) {
  /** @type {Record<string, string>} */
  const headers = known ? { "If-None-Match": `"${known}"` } : {};
  return frame(`t=${Date.now()}`, known, SILENCE_MS, headers, how);
}

/**
 * The first frame after the one whose tag is `known`, as soon as there is one;
 * null when the server got tired of waiting.
 * @param {string} known
 * @param {How} how
 * @returns {Promise<Frame | null>}
 */
export function nextFrame(known, how) {
  return frame(`after=${encodeURIComponent(known)}${how.fps ? `&fps=${how.fps}` : ""}`, known, NEXT_LIMIT_MS, {}, how);
}

/**
 * @param {string} query
 * @param {string} known
 * @param {number} limit_ms
 * @param {Record<string, string>} headers
 * @param {How} how
 * @returns {Promise<Frame | null>} null where it is the one whose tag is `known`
 */
function frame(query, known, limit_ms, headers, { signal, at = "", width = 0, progress = () => {} }) {
  const url = `${at}images/current.jpg?${query}${width ? `&width=${width}` : ""}`;
  return ask(url, { headers, signal, limit_ms }, async (response, comes) => {
    const { headers, status } = response;
    if (status === 304 || status === 204) return null;
    if (!headers.get("Content-Type")?.startsWith("image/jpeg")) {
      await response.body?.cancel();
      throw new Refused("The answer is not a picture: is the address right?");
    }
    const tag = (headers.get("ETag") ?? "").replace(/^W\/|"/g, "");
    const name = tag.replace(/-w\d+$/, "") || "camera.jpg";
    const time = new Date(headers.get("X-Frame-Time") ?? Date.now());
    const since = performance.now();
    const born = since - 1000 * age_s(headers, time);
    const total = Number(headers.get("Content-Length") ?? 0);
    const blob = await body(response, (received) => {
      comes();
      progress({ since, received, total });
    });
    return tag && tag === known ? null : { name, tag, width, time, born, took_ms: performance.now() - since, blob };
  });
}

/**
 * The body of an answer; `received` is called after each part with the number of bytes so far.
 * @param {Response} response
 * @param {(received: number) => void} received
 */
async function body(response, received) {
  if (!response.body) return response.blob(); // Firefox below 65
  const reader = response.body.getReader();
  const parts = [];
  let bytes = 0;
  for (;;) {
    received(bytes);
    const { done, value } = await reader.read();
    if (done) return new Blob(parts, { type: "image/jpeg" });
    parts.push(value);
    bytes += value.length;
  }
}

/**
 * How old the frame was when it was sent. A cache on the way leaves the server's word out, since that
 * would not be true any more: then it is the time from the frame to the answer, both by the camera's clock.
 * @param {Headers} headers
 * @param {Date} time  of the frame
 */
function age_s(headers, time) {
  const age = headers.get("X-Frame-Age");
  if (age !== null) return Number(age);
  const sent_ms = Date.parse(headers.get("Date") ?? "");
  return Number.isNaN(sent_ms) ? 0 : Math.max(0, (sent_ms - time.getTime()) / 1000);
}
