// @ts-check
/** What the camera is doing, in the header: links to where that is controlled. */

import { el, write } from "../base/dom.js";
import { duration } from "../base/text.js";
import { tabAddress, tabsFor } from "./tabs.js";

/** @typedef {{words: string, number?: string, tab?: string, name?: string, why?: string, kind?: "problem" | "busy" | "ready"}} Activity */

const TICK_MS = 1_000;
const SILENT_MS = 15_000; // without an event stream the status is polled every 5 s

/** @param {string} words @param {string} [tab] @param {string} [why] @returns {Activity} */
const problem = (words, tab, why) => ({ words, tab, why, kind: "problem" });

/**
 * Of each group the first that applies is shown; `tab` is Live if it is left out. A `number` ticks, and is not read aloud.
 * @type {((now: any) => Activity | false)[][]}
 */
const GROUPS = [
  [
    ({ silent }) => silent && problem("No answer"),
    ({ running, reason }) => !running && problem("Camera stopped", "info", reason),
    ({ mode, reason }) => mode === "no camera" && problem("No camera", "info", reason),
    ({ library }) => library?.free_bytes < library?.floor_bytes && { ...problem("Disk full", "settings"), name: "storage" },
    ({ stale, mode, taking, reason }) => stale && mode !== "starting" && !taking && problem("No new picture", "live", reason),
    ({ notice }) => notice && problem("Warning", "info", notice),
  ],
  [
    ({ mode }) => mode === "starting" && { words: "Starting" },
    ({ recording, now_ms }) => recording && { words: "Recording", number: duration(now_ms - Date.parse(recording.since)) },
    ({ taking }) => taking && { words: "Photo", number: taking.of > 1 ? `${taking.done + 1} of ${taking.of}` : "" },
    ({ mode }) => mode === "focus" && { words: "Focusing" },
    ({ mode }) => mode === "live" && { words: "Live" },
  ],
  [
    ({ series }) => series.length > 1 && { words: `${series.length} series`, tab: "timelapse" },
    ({ series: [one] }) => one && { words: `Series ${one.name}`, tab: "timelapse", name: one.name },
  ],
  [({ motion }) => motion?.armed && { words: "Motion armed", tab: "motion" }],
  [({ profile }) => profile?.active && { words: `Profile ${profile.active}`, tab: "settings", name: "profiles", why: profile.why }],
];

/** A link with the mark, the words and the number. */
const link = () => el("a", {}, el("span", { class: "mark", "aria-hidden": "true" }), el("span"), el("span", { "aria-hidden": "true" }));

/**
 * Keep an element up to date: a link for each activity, the most urgent first.
 * @param {HTMLElement} place
 * @param {import("../server/events.js").StatusFeed} feed
 * @param {import("../server/session.js").Session} session
 */
export function showActivity(place, feed, session) {
  let seen_ms = performance.now(); // since then the page is in front

  function show() {
    const now_ms = performance.now();
    if (document.hidden) seen_ms = now_ms;
    const silent = Math.min((feed.age_s ?? Infinity) * 1000, now_ms - seen_ms) > SILENT_MS;
    const status = /** @type {any} */ (feed.latest);
    if (document.hidden || !session.may.watch || !(status || silent)) return;
    const series = (status?.capture.series ?? []).filter((/** @type {any} */ { state }) => state === "running");
    const now = { ...status?.capture, series, stale: status?.stale, silent, now_ms: Date.now() + feed.ahead_ms };
    /** @type {any[]} */
    const found = GROUPS.map((group) => group.map((applies) => applies(now)).find(Boolean)).filter(Boolean);
    if (silent) found.splice(1);
    if (!found.length) found.push({ words: "Ready", kind: "ready" });
    while (place.childElementCount > found.length) place.lastChild?.remove();
    found.forEach((activity, index) => draw(/** @type {any} */ (place.children[index] ?? place.appendChild(link())), activity));
  }

  /** @param {HTMLAnchorElement} link @param {Activity} activity */
  function draw(link, { words, number = "", tab = "live", name = "", why, kind = "busy" }) {
    link.dataset.kind = kind;
    link.title = why ?? "";
    write(link.children[1], words);
    write(link.children[2], number);
    if (tabsFor(session).some((one) => one.name === tab)) link.href = tabAddress(tab) + (name && `#${encodeURIComponent(name)}`);
    else link.removeAttribute("href");
  }

  feed.subscribe(show);
  session.subscribe(show);
  setInterval(show, TICK_MS);
}
