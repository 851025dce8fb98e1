// @ts-check
/** What the camera is doing, in the header of every tab: a link to where that is controlled. */

import { write } from "../base/dom.js";
import { tabAddress, tabsFor } from "./tabs.js";

/** @typedef {{kind?: "problem" | "ready", words: string, number?: string, tab?: string, name?: string, why?: string}} Activity */

const TICK_MS = 1_000;
const SILENT_MS = 15_000; // without an event stream the status is polled every 5 s

/**
 * Of what applies, the first is shown; `tab` is Live if it is left out. A `number` ticks, and is not read aloud.
 * @type {((now: any) => Activity | false)[]}
 */
const ACTIVITIES = [
  ({ silent }) => silent && { kind: "problem", words: "No answer" },
  ({ running, reason }) => !running && { kind: "problem", words: "Camera stopped", tab: "info", why: reason },
  ({ mode, reason }) => mode === "no camera" && { kind: "problem", words: "No camera", tab: "info", why: reason },
  ({ library }) => library?.free_bytes < library?.floor_bytes && { kind: "problem", words: "Disk full", tab: "settings" },
  ({ mode }) => mode === "starting" && { words: "Starting" },
  ({ stale, reason }) => stale && { kind: "problem", words: "No new picture", why: reason },
  ({ recording, now_ms }) => recording && { words: "Recording", number: duration(now_ms - Date.parse(recording.since)) },
  ({ taking }) => taking && { words: "Photo", number: `${taking.done + 1} of ${taking.of}` },
  ({ mode }) => mode === "focus" && { words: "Focusing" },
  ({ notice }) => notice && { kind: "problem", words: "Warning", tab: "info", why: notice },
  ({ mode }) => mode === "live" && { words: "Live" },
  ({ series }) => series.length > 1 && { words: `${series.length} series`, tab: "timelapse" },
  ({ series: [one] }) => one && { words: `Series ${one.name}`, tab: "timelapse", name: one.name },
  () => ({ kind: "ready", words: "Ready" }),
];

/** @param {number} duration_ms */
function duration(duration_ms) {
  const seconds = Math.max(0, Math.floor(duration_ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * Keep an element up to date.
 * @param {HTMLElement} place  with a link, and in it the mark, the words and the number
 * @param {import("../server/events.js").StatusFeed} feed
 * @param {import("../server/session.js").Session} session
 */
export function showActivity(place, feed, session) {
  const link = /** @type {HTMLAnchorElement} */ (place.firstElementChild);
  const [, words, number] = link.children;
  let seen_ms = performance.now(); // since then the page is in front

  function show() {
    const now_ms = performance.now();
    if (document.hidden) seen_ms = now_ms;
    const silent = Math.min((feed.age_s ?? Infinity) * 1000, now_ms - seen_ms) > SILENT_MS;
    const status = /** @type {any} */ (feed.latest);
    if (document.hidden || !session.may.watch || !(status || silent)) return;
    const series = (status?.capture.series ?? []).filter((/** @type {any} */ { state }) => state === "running");
    const now = { ...status?.capture, series, stale: status?.stale, silent, now_ms: Date.now() + feed.ahead_ms };
    const activity = /** @type {Activity} */ (ACTIVITIES.map((applies) => applies(now)).find(Boolean));
    const { kind = "busy", tab = "live", name = "", why = "" } = activity;
    place.dataset.kind = kind;
    write(words, activity.words);
    write(number, activity.number ?? "");
    link.title = why ?? "";
    if (!tabsFor(session).some((one) => one.name === tab)) link.removeAttribute("href");
    else link.href = tabAddress(tab) + (name && `#${encodeURIComponent(name)}`);
  }

  feed.subscribe(show);
  session.subscribe(show);
  setInterval(show, TICK_MS);
}
