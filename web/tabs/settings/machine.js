// @ts-check
/** This machine: restart Stillcam, reboot, shut down, check for a new version and update. For owners. */

import { dialog } from "../../base/dialogs.js";
import { el, fill, write } from "../../base/dom.js";
import { errorText, sentence } from "../../base/text.js";
import { form } from "../../base/form.js";
import { follow } from "./machine-progress.js";

/** @typedef {"restart" | "reboot" | "poweroff" | "check" | "update"} Verb */
/** @typedef {{version: string, changed: string, changes: number}} Found */
/** @typedef {{verb: Verb, state: string, text: string, started: string, found: Found | null}} Action */
/** @typedef {{version: string, instance: string, boot: string, alone: boolean, verbs: Record<Verb, string | null>, action: Action | null}} System */

/** The button, what it does, and whether it interrupts the camera. @type {Record<Verb, [string, string, boolean]>} */
const ACTIONS = {
  restart: ["Restart Stillcam", "All services of Stillcam restart. There are no pictures for some seconds.", true],
  reboot: ["Reboot", "The whole machine restarts. There are no pictures for about a minute.", true],
  poweroff: ["Shut down", "The machine turns off. To turn it on again, somebody has to unplug it and plug it in.", true],
  check: ["Check for a new version", "The machine asks the repository from which Stillcam was installed. Nothing is installed.", false],
  update: ["Update", "The new version is installed, and all services restart. If it shows no picture, the previous version returns.", true],
};
/** @type {typeof ACTIONS["restart"]} */
const ALONE = ["Restart the web server", "Only the web server restarts. Photos, videos and series continue.", false];

/**
 * @param {any} context
 * @param {(title: string, ...content: any[]) => HTMLElement} card
 */
export function machine(context, card) {
  const { api, session, say, status } = context;
  const version = el("p");
  const buttons = el("div", { class: "actions" });
  const hints = el("div");
  const progress = el("progress", { "aria-label": "Progress", hidden: true });
  const text = el("p", { role: "status" });
  const problem = el("p", { class: "problem", role: "alert" });
  let busy = false;

  async function renew() {
    const now = /** @type {System} */ (await api.get("api/system"));
    show(now);
    if (now.action?.state === "running") await watch(now.action.verb, { ...now, instance: "", action: null }); // the page was opened meanwhile
  }

  /** @param {System} now */
  function show(now) {
    const found = now.action?.state === "done" ? now.action.found : null;
    version.textContent = `Stillcam ${now.version}`;
    const offered = /** @type {Verb[]} */ (Object.keys(ACTIONS)).filter((verb) => !now.verbs[verb] && (verb !== "update" || found?.changes));
    fill(buttons, offered.map((verb) => {
      const [label, effect, interrupts] = verb === "restart" && now.alone ? ALONE : ACTIONS[verb];
      const name = verb === "update" ? `Update to ${found?.version}` : label;
      return el("button", { type: "button", class: verb === "poweroff" ? "danger" : "", disabled: busy, text: name, onclick: () => ask(verb, name, effect, interrupts) });
    }));
    const reasons = new Set(Object.values(now.verbs).filter(Boolean));
    fill(hints, [...reasons].map((reason) => el("p", { class: "hint", text: sentence(/** @type {string} */ (reason)) })));
    if (found?.changes) write(text, `Version ${found.version} of ${new Date(found.changed).toLocaleDateString()} is available: ${changes(found.changes)}.`);
  }

  /** What the camera is doing now, and what becomes of it. */
  function losses() {
    const { recording, series = [], motion } = status.latest?.capture ?? {};
    const running = series.filter((/** @type {any} */ one) => one.state === "running").map((/** @type {any} */ one) => one.name);
    return [
      recording && "The video that is being recorded ends, and is saved.",
      running.length && `${running.length > 1 ? "The series" : "Series"} ${running.join(", ")}: shots that are due meanwhile are missed; then it continues.`,
      motion?.armed && "Motion is not recorded meanwhile.",
    ].filter(Boolean);
  }

  /** @param {Verb} verb @param {string} name @param {string} effect @param {boolean} interrupts */
  function ask(verb, name, effect, interrupts) {
    const lost = interrupts ? losses() : [];
    const opened = dialog(
      el("h2", { text: `${name}?` }), el("p", { text: effect }), lost.length > 0 && el("ul", {}, lost.map((one) => el("li", { text: one }))),
      form({
        name, submit: name,
        inputs: [
          { name: "name", label: "Name", autocomplete: "username", value: session.user?.name, attributes: { readonly: true } },
          { name: "password", label: "Your password", type: "password", autocomplete: "current-password", attributes: { required: true, autofocus: true } },
        ],
        action: async ({ password }) => {
          const before = await api.send("POST", "api/system", { verb, password });
          opened.close();
          watch(verb, before);
        },
      }),
    );
  }

  /** Show how an action goes on, until it has ended. @param {Verb} verb @param {System} before */
  async function watch(verb, before) {
    busy = true;
    problem.textContent = "";
    progress.hidden = false;
    for (const button of buttons.querySelectorAll("button")) button.disabled = true;
    try {
      const { done, now } = await follow(api, verb, before, (step) => write(text, step));
      write(text, done);
      say(done);
      busy = false;
      if (now) show(now);
    } catch (error) {
      text.textContent = "";
      problem.textContent = errorText(error);
      busy = false;
      await api.get("api/system").then(show, () => {});
    } finally {
      busy = false;
      progress.hidden = true;
    }
  }

  renew().catch((error) => (problem.textContent = errorText(error)));
  return card("This machine", version, buttons, progress, text, problem, hints);
}

/** @param {number} number */
const changes = (number) => (number === 1 ? "1 change" : `${number} changes`);
