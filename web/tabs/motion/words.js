// @ts-check
/** What the camera does about motion, in words: one of a few states, worked out from the status alone. */

/**
 * @typedef {object} Facts
 * @property {boolean} silent   the server has not answered for a while
 * @property {boolean} armed    by the settings
 * @property {any} capture      of the status; undefined before the first
 * @property {(time: string) => string} at  a UTC time in words, by the camera's clock; "" while its zone is not known
 */

/**
 * @typedef {object} ArmState
 * @property {"off" | "looking" | "waiting" | "event" | "problem"} kind
 * @property {string} word
 * @property {string} sentence
 * @property {string} [since]  UTC: how long it lasts follows the sentence
 */

/** What has the camera, by the mode of the daemon. @type {Record<string, string>} */
const USES = {
  video: "A video is being recorded.",
  photo: "A photo is being taken.",
  series: "A series takes a picture.",
  focus: "The camera focuses.",
};
/** Why changes do not count now. */
export const IGNORED = {
  settling: ["Learning", "The detector learns what the scene looks like. That takes 5 seconds."],
  light: ["Light has changed", "Most of the picture changed at once. Detection continues when the picture is steady."],
};

/** @param {string} word @param {string} sentence @returns {ArmState} */
const problem = (word, sentence) => ({ kind: "problem", word, sentence });

/** @param {string} word @param {string} sentence @returns {ArmState} */
const waiting = (word, sentence) => ({ kind: "waiting", word, sentence });

/** @param {string} time */
const until = (time) => (time ? `Until ${time}, by the schedule.` : "By the schedule.");

/** The first that applies is shown. @type {((facts: any) => ArmState | false)[]} */
const STATES = [
  ({ silent }) => silent && problem("No answer", "The server does not answer."),
  ({ mode }) => mode === undefined && waiting("Waiting", "The page waits for the state of the camera."),
  ({ running }) => !running && problem("Camera stopped", "The capture service is not running."),
  ({ mode, reason, armed }) => armed && mode === "no camera" && problem("No camera", reason ?? "No camera was found."),
  ({ event }) => event && !event.end && {
    kind: "event", since: event.start,
    word: event.trigger === "motion" ? "Motion" : "Recording", sentence: event.trigger === "motion" ? "The event has lasted" : "An event on request has lasted",
  },
  ({ armed }) => !armed && { kind: "off", word: "Disarmed", sentence: "The camera does not record motion." },
  ({ mode }) => mode in USES && waiting("Paused", USES[mode]),
  ({ mode }) => mode === "starting" && waiting("Starting", "The camera is starting."),
  ({ active, ignored }) => active && ignored in IGNORED && waiting(.../** @type {[string, string]} */ (IGNORED[/** @type {"light"} */ (ignored)])),
  ({ active, next, at }) => active && { kind: "looking", word: "Looking for motion", sentence: next ? until(at(next)) : "The camera also looks while nobody watches." },
  ({ scheduled, next, at }) => next && !scheduled && waiting("Waiting", until(at(next))),
  () => waiting("Starting", "The camera is starting."),
];

/** @param {Facts} facts @returns {ArmState} */
export function armState({ capture, ...facts }) {
  const now = { ...facts, ...capture, ...capture?.motion, armed: facts.armed };
  return /** @type {ArmState} */ (STATES.map((applies) => applies(now)).find(Boolean));
}
