// @ts-check
/**
 * What the page asks of the server. No other module talks to it.
 *
 * Every address is relative to the page, so a proxy may put the camera under
 * any path. Frames bypass the HTTP cache (`no-store`): at 15 a second it would
 * fill a phone's disk; `If-None-Match` is set by hand instead.
 */

/**
 * A frame as the server published it.
 * @typedef {object} Frame
 * @property {string} name  its file name, which is also its ETag
 * @property {Date} time    when it was taken, by the camera's clock
 * @property {number} born  the same moment on this page's `performance.now()`, ms:
 *                          reckoned from its age, so the two clocks may differ
 * @property {Blob} blob    the JPEG, byte for byte
 */

/**
 * The part of `api/status` that the page reads.
 * @typedef {object} Status
 * @property {{running: boolean, mode?: string, reason?: string | null, interval_s?: number}} capture
 */

/** No answer: no network, nobody at that address, or too late. */
export class Unreachable extends Error {}

/** An answer, yet not what was asked for. The message is for the person at the screen. */
export class Refused extends Error {}

const FRAME_LIMIT_MS = 30_000; // a full-size still over a slow phone network
const NEXT_LIMIT_MS = 10_000; // a live camera that says nothing this long is not live
const STATUS_LIMIT_MS = 5_000;

/**
 * The current frame, or null while that is still the one named `known`.
 * @param {string} known  "" for none
 * @param {AbortSignal} signal
 * @returns {Promise<Frame | null>}
 */
export function currentFrame(known, signal) {
  /** @type {Record<string, string>} */
  const headers = known ? { "If-None-Match": `"${known}"` } : {};
  const url = `images/current.jpg?t=${Date.now()}`;
  return ask(url, { headers, signal, limit_ms: FRAME_LIMIT_MS }, frameAfter(known));
}

/**
 * The first frame after the one named `known`, as soon as there is one;
 * null when the server got tired of waiting.
 * @param {string} known
 * @param {AbortSignal} signal
 * @returns {Promise<Frame | null>}
 */
export function nextFrame(known, signal) {
  const url = `images/current.jpg?after=${encodeURIComponent(known)}`;
  return ask(url, { signal, limit_ms: NEXT_LIMIT_MS }, frameAfter(known));
}

/**
 * How the camera is.
 * @returns {Promise<Status>}
 */
export function status() {
  return ask("api/status", { limit_ms: STATUS_LIMIT_MS }, async (response) => {
    const body = await response.json().catch(() => null);
    if (typeof body?.capture !== "object") throw new Refused("This is not a camera's status: is the address right?");
    return body;
  });
}

/**
 * One request, ended by `signal` or after `limit_ms`, its body included.
 *
 * `AbortSignal.any` and `.timeout` would say this in a line, but Safari 16
 * lacks the first (old tablets make good camera screens), and the second would
 * leave a pending timer for each of fifteen frames a second.
 *
 * @template T
 * @param {string} url
 * @param {{headers?: HeadersInit, signal?: AbortSignal, limit_ms: number}} how
 * @param {(response: Response) => Promise<T>} read
 * @returns {Promise<T>}
 * @throws {Unreachable | Refused}
 */
async function ask(url, { headers, signal, limit_ms }, read) {
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, limit_ms);
  signal?.addEventListener("abort", end);
  try {
    const response = await fetch(url, { headers, cache: "no-store", signal: ended.signal });
    if (response.ok || response.status === 304) return await read(response);
    throw new Refused(await complaint(response));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Unreachable("The camera does not answer.", { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/**
 * The server's own words for what is wrong, or its status where it has none.
 * @param {Response} response
 */
async function complaint(response) {
  const body = await response.json().catch(() => null);
  const text = typeof body?.error === "string" ? body.error : "";
  return text || `The server answers with an error (${response.status}).`;
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
  const born = performance.now() - 1000 * Number(headers.get("X-Frame-Age") ?? 0);
  const time = new Date(headers.get("X-Frame-Time") ?? Date.now());
  const blob = await response.blob();
  return name && name === known ? null : { name: name || "camera.jpg", time, born, blob };
};
