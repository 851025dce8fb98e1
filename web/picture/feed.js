// @ts-check
/** The frames of the page's picture. It runs before most modules have loaded, so that the first frame is on its way meanwhile. */

import "../page/feature-check.js";
import { FrameLoop } from "./loop.js";
import { storedFlags } from "../base/storage.js";

/** @typedef {{show: (frame: import("./request.js").Frame) => Promise<void>, report: () => void}} Screen  see `FrameLoop` */

/** Gives the frames their screen: they wait for it. @type {(screen: Screen) => void} */
export let showOn;

/** @type {Promise<Screen>} */
const screen = new Promise((resolve) => (showOn = resolve));

/** The page was sent with the picture, to a user who may watch. */
export const sent = "session" in document.documentElement.dataset && !document.getElementById("live-panel")?.hidden;

export const feed = new FrameLoop(async (frame) => (await screen).show(frame), () => screen.then(({ report }) => report()));

/** What this browser remembers of `live` and `small`. */
export const CHOICES = "stillcam.picture";
/** The device asks for little data. */
const saving = matchMedia("(prefers-reduced-data: reduce)").matches || /** @type {any} */ (navigator).connection?.saveData === true;

/** Choose live view and size as this browser remembers them, else as owner and device wish. @param {{auto: boolean}} [wish] */
export function choose(wish) {
  const { live = Boolean(wish?.auto) && !saving, small = saving } = storedFlags(CHOICES);
  Object.assign(feed, { live, small });
}

choose(JSON.parse(document.documentElement.dataset.session ?? "{}").live);
feed.active = sent;
feed.run();
