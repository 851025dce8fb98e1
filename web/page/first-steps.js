// @ts-check
/** The steps after set-up, one after the other in a dialog: who may watch, run at boot, storage. */

import { copied } from "../base/copy.js";
import { dialog } from "../base/dialogs.js";
import { el, write } from "../base/dom.js";
import { choice } from "../base/fields.js";
import { submission } from "../base/form.js";
import { errorText, size } from "../base/text.js";

/**
 * @typedef {object} Facts  by `api/first-steps`
 * @property {{service: boolean, command: string}} boot
 * @property {{images: string, frames_a_day: number | null, library: string, free_bytes: number | null, floor_bytes: number | null, photo_bytes: number | null}} storage
 */
/** @typedef {{title: string, content: any[], submit: string, action: () => unknown}} Step */

const MEGABYTE = 1_000_000;
const VIDEO_BITRATE = 10_000_000; // the encoder's choice
const KEPT_DAYS = 30;
const SERIES_PER_DAY = 288; // a picture every 5 minutes
const PLACES = { memory: "in memory", card: "on the SD card", disk: "on a disk", network: "on another machine", unknown: "on a device of unknown kind" };

/** @type {Record<string, (context: any, facts: Facts) => Step>} */
const STEPS = { watch, boot, storage };

/**
 * Show the steps that are left. A step that is done or skipped never comes again; closing the dialog skips the rest.
 * @param {any} context
 */
export async function showFirstSteps({ session, settings, api, say }) {
  if (!settings.document) await settings.load();
  if (settings.get("access.watch") === undefined) return; // the page of a further camera: the first one's shows them
  const facts = await api.get("api/first-steps");
  const left = [...session.firstSteps];
  const heading = el("h2", { tabindex: -1 });
  const finish = (/** @type {string} */ step) => api.send("DELETE", `api/first-steps/${step}`);
  const opened = dialog(heading, el("form"));
  opened.addEventListener("close", async () => {
    if (!left.length) return;
    try {
      await Promise.all(left.map(finish));
      say("Who may watch and Storage are also in Settings.");
    } catch (error) {
      say(errorText(error), { error: true });
    }
  });
  show();

  function show() {
    if (!left.length) return opened.close();
    const { title, content, submit, action } = STEPS[left[0]]({ settings, say }, facts);
    const form = /** @type {HTMLFormElement} */ (el("form", { class: "form first-steps", "aria-label": title }));
    const { problem, button } = submission(form, submit, new Map(), async () => {
      await action();
      await next();
    });
    const skip = el("button", { type: "button", text: "Skip", onclick: () => next().catch((error) => say(errorText(error), { error: true })) });
    const names = Object.keys(STEPS);
    form.append(hint(`Step ${names.indexOf(left[0]) + 1} of ${names.length}`), ...content, problem, el("div", { class: "actions" }, button, skip));
    write(heading, title);
    opened.querySelector("form")?.replaceWith(form);
    heading.focus();
  }

  async function next() {
    await finish(left[0]);
    left.shift();
    show();
  }
}

/** @param {any} context @returns {Step} */
function watch({ settings }) {
  const chosen = choice("Who sees pictures and the live stream", [["signed-in", "People who sign in"], ["anyone", "Anyone on this network"]]);
  chosen.value = settings.get("access.watch");
  return {
    title: "Who may watch?",
    content: [chosen.element, hint("You can add people in Settings, under Users. Only owners can control the camera.")],
    submit: "Save",
    action: () => settings.patch({ access: { watch: chosen.value } }, { blind: true }),
  };
}

/** @param {any} context @param {Facts} facts @returns {Step} */
function boot({ say }, { boot: { service, command } }) {
  const title = "Run it at boot", submit = "Next", action = () => {};
  if (service) return { title, submit, action, content: [el("p", { text: "Stillcam runs as a system service. It starts with the Pi, and restarts after a fault: there is nothing to do." })] };
  const shown = el("pre", { tabindex: 0, "aria-label": "Command" }, command);
  return {
    title,
    submit,
    action,
    content: [
      el("p", { text: "Stillcam runs only until somebody stops it or the Pi restarts. To start it at every boot, press Ctrl-C in its terminal, then run this command there:" }),
      shown,
      el("div", { class: "actions" }, el("button", { type: "button", text: "Copy", onclick: () => say(copied(shown) ? "Copied." : "Selected: press Ctrl+C to copy it.") })),
      hint("The installed service has its own settings and photos, so set it up again. This command prints its setup code: ", el("code", { text: "sudo stillcam code" })),
    ],
  };
}

/** @param {any} context @param {Facts} facts @returns {Step} */
function storage({ settings }, { storage: { images, frames_a_day, library, free_bytes, floor_bytes, photo_bytes } }) {
  const chosen = choice("Old photos and videos", [["keep", "Keep all"], ["oldest", "Delete the oldest when the disk is full"], ["age", `Delete after ${KEPT_DAYS} days`]]);
  chosen.value = settings.get("retention.max_age_days") ? "age" : settings.get("retention.min_free_mb") ? "oldest" : "keep";
  const worn = images === "card" || images === "unknown";
  const written = frames_a_day ? `, ${size(frames_a_day)} a day` : "";
  const frames = images === "memory"
    ? "The current picture is in memory, so it does not wear the SD card."
    : `The current picture is written ${PLACES[/** @type {keyof PLACES} */ (images)].replace("on", "to")}${written}.${worn ? " That wears out a card; an installed Stillcam keeps it in memory." : ""}`;
  const free = free_bytes === null ? "" : `, with ${size(free_bytes)} free`;
  return {
    title: "Storage",
    content: [
      el("p", { text: `Photos, videos and series are ${PLACES[/** @type {keyof PLACES} */ (library)]}${free}.` }),
      free_bytes !== null && el("p", { text: room(free_bytes - (floor_bytes ?? 0), photo_bytes, settings.get("video.bitrate") || VIDEO_BITRATE) }),
      el("p", { text: frames }),
      chosen.element,
      hint("If you keep all, Stillcam takes nothing more when the disk is full. Favourites are never deleted. Each series has its own limit, set in its form."),
    ],
    submit: "Save",
    action: () => settings.patch({ retention: {
      max_age_days: chosen.value === "age" ? KEPT_DAYS : null,
      min_free_mb: chosen.value === "oldest" ? Math.ceil((2 * (floor_bytes ?? 0)) / MEGABYTE) || 400 : null,
    } }, { blind: true }),
  };
}

/** What fills the disk, and when. @param {number} bytes  that may be written @param {number | null} photo_bytes @param {number} bitrate  of videos */
function room(bytes, photo_bytes, bitrate) {
  const hours = about(Math.max(0, bytes) / (bitrate / 8) / 3600, "hour");
  if (!photo_bytes) return `That is room for ${hours} of video.`;
  const photos = Math.max(0, Math.floor(bytes / photo_bytes));
  return `That is room for ${about(photos, "photo")}, or ${hours} of video. A series with a picture every 5 minutes fills it in ${about(photos / SERIES_PER_DAY, "day")}.`;
}

/** @param {number} count @param {string} unit */
function about(count, unit) {
  const rounded = count < 10 ? Number(count.toFixed(1)) : Number(count.toPrecision(2));
  return `about ${rounded.toLocaleString("en")} ${unit}${rounded === 1 ? "" : "s"}`;
}

/** @param {...(string | HTMLElement)} content */
const hint = (...content) => el("p", { class: "hint" }, ...content);
