// @ts-check
/** Follows an action of the machine, across the restart of its server. */

/** @typedef {import("./machine.js").System} System */
/** @typedef {import("./machine.js").Verb} Verb */

const LOOK_MS = 1_000; // from one look at the server to the next
const OFF_MS = 10_000; // without an answer: the machine is shutting down
/** How long an action may take. @type {Record<Verb, number>} */
const LIMITS_MS = { restart: 180_000, reboot: 600_000, poweroff: 180_000, check: 300_000, update: 2_400_000 };

/** While it runs: the server answers, or it does not. @type {Record<Verb, [string, string]>} */
const STEPS = {
  restart: ["Stillcam is restarting.", "Stillcam is restarting; the server does not answer yet."],
  reboot: ["The machine is stopping.", "The machine is restarting."],
  poweroff: ["The machine is stopping.", "The machine is shutting down."],
  check: ["Checking for a new version.", "The server does not answer."],
  update: ["Updating.", "The server is restarting."],
};

/**
 * Look at the server until the action has ended.
 * @param {any} api
 * @param {Verb} verb
 * @param {System} before  as it was when the action was accepted
 * @param {(step: string) => void} say  shows the step
 * @returns {Promise<{done: string, now: System | null}>} the result; no state of a machine that is off
 * @throws {Error} the action failed, or takes too long; the text says why
 */
export async function follow(api, verb, before, say) {
  let answered_ms = performance.now();
  for (const end_ms = answered_ms + LIMITS_MS[verb]; performance.now() < end_ms; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = /** @type {System | null} */ (await api.get("api/system").catch(refused));
    const [here, away] = STEPS[verb];
    if (!now) {
      say(away);
      if (verb === "poweroff" && performance.now() - answered_ms > OFF_MS) {
        return { done: "The machine is off, or soon will be. Unplug it only after its green light has stopped blinking.", now };
      }
      continue;
    }
    answered_ms = performance.now();
    const action = now.action?.verb === verb && now.action.started !== before.action?.started ? now.action : null;
    if (action?.state === "failed") throw new Error(`${FAILED[verb]}: ${action.text}`);
    const done = result(verb, before, now, action);
    if (done) return { done, now };
    say(action?.text || here); // an empty one: systemd has not finished
  }
  throw new Error(`The machine has not come back within ${LIMITS_MS[verb] / 60_000} minutes: run sudo stillcam doctor on it`);
}

/** @type {Record<Verb, string>} */
const FAILED = {
  restart: "The restart failed",
  reboot: "The reboot failed",
  poweroff: "The shutdown failed",
  check: "The search for a new version failed",
  update: "The update failed",
};

/**
 * @param {Verb} verb
 * @param {System} before
 * @param {System} now
 * @param {import("./machine.js").Action | null} action
 */
function result(verb, before, now, action) {
  if (verb === "restart") return now.instance !== before.instance && action?.state !== "running" && `${before.alone ? "The web server" : "Stillcam"} has been restarted.`;
  if (verb === "reboot") return now.boot !== before.boot && "The machine has been restarted.";
  return verb !== "poweroff" && action?.state === "done" && action.text;
}

/** No answer, or one of a proxy whose server is away. A refusal of ours ends the wait. @param {any} error */
function refused(error) {
  if (error.status === 401 || error.status === 403) throw error;
  return null;
}
