// @ts-check
/**
 * The camera's picture: brings the feed, the canvas, the words about it and the
 * buttons together. Nothing else touches the elements inside `#camera`.
 *
 * It runs as soon as it has loaded, before the rest of the page: the picture is on its way while that is loading.
 */

import "../page/feature-check.js";
import { factsOf, Loading, pictureState, SLOW_LIVE } from "./state.js";
import { write } from "../base/dom.js";
import { CHOICES, feed, sent, showOn } from "./feed.js";
import { currentFrame } from "./request.js";
import { FrameCanvas } from "./canvas.js";
import { offerFullScreen } from "./full-screen.js";
import { storeFlag } from "../base/storage.js";
import { isShortcut } from "../base/shortcuts.js";
import { StatusFeed } from "../server/events.js";
import { say } from "../base/toasts.js";
import { ago, clock, errorText } from "../base/text.js";

/** @typedef {import("./request.js").Frame} Frame */

const TICK_MS = 1_000;

const camera = element("camera");
const canvas = /** @type {HTMLCanvasElement} */ (element("canvas"));
/** Of the frame on the screen: without one there is none. */
const when = Object.assign(document.createElement("time"), { id: "time" });
const picture = new FrameCanvas(canvas);
const loading = new Loading();
const statusFeed = new StatusFeed();
/** @type {Set<(frame: Frame) => void>} */
const watchers = new Set();

let slowTold = false; // once is enough

/** The tab is on the screen, and the user may watch, as far as is known. */
const wanted = { shown: sent, allowed: sent, frames: true };

/** The picture, for what is drawn on it, measured on it or done to it. */
export const viewer = {
  /** Shows the newest frame, in its aspect, unscaled on the screen's pixels. */
  canvas,
  /** The box around the canvas, positioned: overlays go in here. */
  box: /** @type {HTMLElement} */ (canvas.parentElement),
  picture,
  feed,
  status: statusFeed,
  /**
   * Call `listener` after each new frame on the canvas.
   * @param {(frame: Frame) => void} listener
   */
  subscribe(listener) {
    watchers.add(listener);
    return () => watchers.delete(listener);
  },
  /** Whether anybody can see the picture: else nothing is asked for. @param {boolean} shown */
  set shown(shown) {
    wanted.shown = shown;
    ask();
  },
  /** Whether anybody can see the picture, and may. */
  get seen() {
    return wanted.shown && wanted.allowed;
  },
  /** Show a picture of a video instead of frames; null: frames again. @param {HTMLVideoElement | null} video */
  async showVideo(video) {
    if (video) feed.known = ""; // it is on the screen no more
    wanted.frames = !video;
    ask();
    if (video) await show({ name: "live", tag: "live", width: video.videoWidth, time: new Date(), born: performance.now(), took_ms: 0, blob: video });
  },
  /** Whether the user may see the picture. @param {boolean} allowed */
  set allowed(allowed) {
    wanted.allowed = allowed;
    ask();
  },
};

const buttons = {
  live: element("live"),
  small: element("small"),
  download: /** @type {HTMLButtonElement} */ (element("download")),
  fullScreen: element("full-screen"),
};
const shortcuts = new Map([["l", buttons.live], ["s", buttons.download], ["f", buttons.fullScreen]]);

for (const name of /** @type {const} */ (["live", "small"])) {
  buttons[name].addEventListener("click", () => {
    feed[name] = !feed[name];
    storeFlag(CHOICES, name, feed[name]);
    render();
  });
}
buttons.download.addEventListener("click", download);
canvas.parentElement?.after(loading.element);
if (document.fullscreenEnabled) offerFullScreen(camera, buttons.fullScreen);
else buttons.fullScreen.hidden = true; // iPhones cannot

addEventListener("keydown", (event) => {
  if (!viewer.seen || !isShortcut(event)) return;
  const button = shortcuts.get(event.key.toLowerCase());
  if (!button || button.hidden) return;
  event.preventDefault();
  button.click();
});

setInterval(tick, TICK_MS);
document.addEventListener("visibilitychange", tick);
statusFeed.subscribe(render);
showOn({ show, report: render });

function ask() {
  feed.active = viewer.seen && wanted.frames;
  tick();
}

/** Without new pictures, too, the age changes. */
function tick() {
  if (!document.hidden) render();
}

/** @param {Frame} frame */
async function show(frame) {
  await picture.show(frame);
  for (const watcher of watchers) watcher(frame);
}

/** Put the condition of the picture into words, on the screen and for screen readers. */
function render() {
  for (const name of /** @type {const} */ (["live", "small"])) buttons[name].setAttribute("aria-checked", String(feed[name]));
  const slow = loading.show(feed.progress);
  if (!viewer.seen) return;
  const { state, word, sentence } = pictureState({
    ...factsOf(feed),
    age_s: picture.age_s,
    statusAge_s: statusFeed.age_s,
    status: statusFeed.latest,
    loading: slow,
    reduced: picture.shown !== null && picture.shown.tag !== picture.shown.name,
  });
  camera.dataset.state = state;
  write(element("word"), word);
  write(element("message"), sentence);
  if (sentence === SLOW_LIVE && !slowTold) {
    slowTold = true;
    say(sentence);
  }
  document.title = state === "fresh" || state === "live" ? "Stillcam" : `${word} – Stillcam`;
  const frame = picture.shown;
  if (!frame) return;
  const time = clock(frame.time, new Date());
  if (!when.isConnected) element("age").before(when, " ");
  write(when, time);
  when.dateTime = frame.time.toISOString();
  write(element("age"), ago(picture.age_s ?? 0));
  canvas.setAttribute("aria-label", `The camera's picture of ${time}. ${word}.`);
  buttons.download.disabled = false;
}

/** Save the frame on the screen: its very bytes, under its own name; the whole of the newest one instead of a smaller one. */
async function download() {
  const shown = picture.shown;
  if (!shown) return;
  buttons.download.setAttribute("aria-busy", "true");
  try {
    save(shown.width ? ((await currentFrame("", {})) ?? shown) : shown);
  } catch (error) {
    if (shown.blob instanceof Blob) save(shown); // the link is broken: what is on the screen is all there is
    else say(errorText(error), { error: true });
  } finally {
    buttons.download.removeAttribute("aria-busy");
  }
}

/** @param {Frame} frame */
function save(frame) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(/** @type {Blob} */ (frame.blob));
  link.download = frame.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // Safari reads it after the click
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
