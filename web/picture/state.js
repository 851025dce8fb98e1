// @ts-check
/**
 * What to say about the picture: one of a few conditions, worked out from the facts alone; and how far a picture is
 * that loads slowly.
 */

import { Refused } from "../server/api.js";
import { el } from "../base/dom.js";
import { DamagedFrame } from "./canvas.js";

/** @typedef {import("../server/api.js").Status} Status */
/** @typedef {import("./request.js").Progress} Progress */

/**
 * @typedef {object} Facts
 * @property {boolean} online        what the browser says of its network
 * @property {number} failures       requests for a frame that failed, in a row
 * @property {boolean} answered      the last failure was an answer, not silence
 * @property {string} error          what it said
 * @property {boolean} live          live is wanted
 * @property {boolean} interrupted   and broke
 * @property {boolean} [small]       small pictures are wanted
 * @property {number | null} age_s   of the frame on the screen; null without one
 * @property {number | null} statusAge_s  how long ago the status was current; null without one
 * @property {Pick<Status, "capture"> | null} status
 * @property {boolean} [loading]     a picture is on its way, and takes its time
 * @property {boolean} [reduced]     the picture on the screen is smaller than the camera's
 */

/**
 * @typedef {object} Condition
 * @property {"waiting" | "fresh" | "live" | "interrupted" | "old" | "lost" | "unreachable" | "offline"} state
 * @property {string} word      for the chip
 * @property {string} sentence  what to do; without numbers
 *                              that tick, since it is read aloud when it changes
 */

const SLOW_AFTER_MS = 2_000; // a faster picture shows no bar
const INTERVAL_S = 2; // until the status says otherwise
const SLOW = "The connection is slow: a picture is loading.";
export const SLOW_LIVE = "The connection is slow: the pictures of live view are smaller now.";
const RETRIED_ONCE = 2; // one lost request is not worth a word

/**
 * What a loop of frames knows of them.
 * @param {import("./loop.js").FrameLoop} loop
 */
export const factsOf = ({ failures, error, live, interrupted, small }) => ({
  online: navigator.onLine,
  failures,
  answered: error instanceof Refused || error instanceof DamagedFrame,
  error: error?.message ?? "",
  live,
  interrupted,
  small,
});

/** @param {Facts} facts @returns {Condition} */
export function pictureState(facts) {
  const { age_s, failures } = facts;
  const failing = failures >= (age_s === null ? 1 : RETRIED_ONCE);
  if (failing && !facts.online) {
    return { state: "offline", word: "Offline", sentence: "This device has no network." };
  }
  if (failing && !facts.answered) {
    return { state: "unreachable", word: "No answer", sentence: `${facts.error} Trying again.` };
  }
  if (lost(facts)) {
    const reason = facts.status?.capture.reason ?? "";
    return { state: "lost", word: "Camera lost", sentence: reason || "The camera gives no pictures." };
  }
  if (age_s === null && facts.loading) return { state: "waiting", word: "Loading", sentence: SLOW };
  if (age_s === null) {
    return { state: "waiting", word: "Waiting", sentence: facts.error || "Waiting for the first picture." };
  }
  if (failing) return { state: "unreachable", word: "No picture", sentence: facts.error };
  if (age_s > staleAfter_s(facts.status) && facts.loading) return { state: "old", word: "Loading", sentence: SLOW };
  if (age_s > staleAfter_s(facts.status) && facts.status?.capture.taking) {
    return { state: "waiting", word: "Taking a photo", sentence: "A photo is being taken: the next picture follows." };
  }
  if (age_s > staleAfter_s(facts.status)) {
    return { state: "old", word: "Old picture", sentence: "The camera has sent no new picture for a while." };
  }
  if (facts.interrupted) {
    return { state: "interrupted", word: "Live stopped", sentence: "Live view was interrupted: a picture every 2 seconds until it resumes." };
  }
  if (facts.status?.capture.mode === "video" && age_s > 3 * INTERVAL_S + 5) {
    return { state: "old", word: "Recording", sentence: "A video is being recorded: the next picture follows when it ends." };
  }
  if (facts.live && facts.reduced) return { state: "live", word: "Live, small", sentence: facts.small ? "Live view with small pictures." : SLOW_LIVE };
  if (facts.live) return { state: "live", word: "Live", sentence: "Live view." };
  return { state: "fresh", word: "Up to date", sentence: "The picture is up to date." };
}

/** The server's own limit (`stale`), reckoned here as the picture ages. @param {Facts["status"]} status */
const staleAfter_s = (status) => 3 * interval_s(status) + 5;

/** @param {Facts["status"]} status */
const interval_s = (status) => status?.capture.interval_s ?? INTERVAL_S;

/** The server says that there is no camera, and no frame has come since. @param {Facts} facts */
function lost({ status, statusAge_s, age_s }) {
  if (!status || statusAge_s === null) return false;
  const { running, mode } = status.capture;
  return (!running || mode === "no camera") && (age_s === null || age_s > statusAge_s);
}

/** Progress of a picture that loads slowly: a bar and the kilobytes received, over the picture. */
export class Loading {
  #bar = el("progress", { "aria-label": "Loading the picture" });
  #words = el("span");

  constructor() {
    this.element = el("p", { class: "loading", hidden: true }, this.#bar, this.#words);
  }

  /**
   * @param {Progress | null} progress  of the picture that is loading; null: none
   * @returns whether it is slow
   */
  show(progress) {
    const slow = progress !== null && performance.now() - progress.since >= SLOW_AFTER_MS;
    this.element.hidden = !slow;
    if (!slow) return false;
    const { received, total } = progress;
    if (total) this.#bar.value = received / total;
    else this.#bar.removeAttribute("value");
    this.#words.textContent = total ? `${kilobytes(received)} of ${kilobytes(total)} kB` : `${kilobytes(received)} kB`;
    return true;
  }
}

/** @param {number} bytes */
const kilobytes = (bytes) => Math.round(bytes / 1000).toLocaleString("en");
