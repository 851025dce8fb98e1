// @ts-check
/** The events of a day, from the motion recordings in the library: an event may have several of them. */

import { instant, wall } from "../../base/camera-time.js";
import { counts } from "../photos/calendar.js";

/** @typedef {import("../photos/library.js").Item} Item */

/**
 * What the sidecar of an item says of its event.
 * @typedef {{start: string, end: string | null, peak: string | null, peak_blocks: number | null,
 *   columns: number | null, rows: number | null, trigger: string}} Facts
 */

/** @typedef {Item & {event?: Facts | null}} Recording */

/**
 * @typedef {object} MotionEvent
 * @property {number} start  in ms since the epoch, as all times here
 * @property {number | null} end     null: not known
 * @property {string} trigger        "": not known
 * @property {Facts | null} strongest  what says most of its peak
 * @property {Recording[]} items     oldest first; none until the first one has been saved
 * @property {boolean} lasts
 * @property {boolean} favourite
 */

/** @typedef {{trigger: string, longer_s: number, favourites: boolean}} Choice  "", 0 and false leave nothing out */

const PAGE = 200;

/** What began an event, in a word. @type {Record<string, string>} */
export const TRIGGERS = { motion: "Motion", request: "Request", keep: "Kept" };

/**
 * A page of a day's recordings, newest first.
 * @param {any} api
 * @param {string} day
 * @param {string} start  `rest` of the page before; "": the first one
 * @returns {Promise<{items: Recording[], rest: string | null, zone: string, years: number[]}>}
 */
export function page(api, day, start) {
  const query = new URLSearchParams({ kind: "motion", events: "1", day, limit: String(PAGE), ...(start && { start }) });
  return api.get(`api/library?${query}`);
}

/** The time zone of the camera's clock. @param {any} api @returns {Promise<string>} */
export const zoneOf = async (api) => (await api.get("api/library?kind=motion&limit=1")).zone;

/**
 * The days with recordings, in order.
 * @param {any} api
 * @param {number[]} years  that the library has
 */
export async function daysWithEvents(api, years) {
  const found = await Promise.all(years.map((year) => counts(api, year, { kind: "motion" })));
  return found.flatMap((byDay) => Object.keys(byDay)).sort();
}

/** When a day begins and ends: after 23 or 25 hours where the clock is changed. @param {string} day @param {string} zone */
export const bounds = (day, zone) => ({ from: instant(`${day}T00:00`, zone), to: instant(`${dayAfter(day, 1)}T00:00`, zone) });

/** The day so many days later. @param {string} day @param {number} by */
export const dayAfter = (day, by) => new Date(Date.parse(`${day}T00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);

/** The day by the camera's clock. @param {number} time @param {string} zone */
export const dayOf = (time, zone) => wall(time, zone).slice(0, 10);

/**
 * The events of these recordings, oldest first.
 * @param {Iterable<Recording>} recordings
 * @returns {MotionEvent[]}
 */
export function eventsOf(recordings) {
  /** @type {Map<number, Recording[]>} */
  const byStart = new Map();
  for (const one of recordings) {
    const start = Date.parse(one.event?.start ?? one.time);
    byStart.set(start, [...(byStart.get(start) ?? []), one]);
  }
  const events = [...byStart].map(([start, items]) => {
    const facts = items.flatMap(({ event }) => (event ? [event] : []));
    const ends = facts.flatMap(({ end }) => (end ? [Date.parse(end)] : []));
    return {
      start, end: ends.length ? Math.max(...ends) : null, trigger: facts[0]?.trigger ?? "",
      strongest: facts.sort((one, other) => (other.peak_blocks ?? 0) - (one.peak_blocks ?? 0))[0] ?? null,
      items: items.sort((one, other) => (one.time < other.time ? -1 : 1)), favourite: items.every(({ favourite }) => favourite), lasts: false,
    };
  });
  return events.sort((one, other) => one.start - other.start);
}

/**
 * The events with the camera's newest one, which may last, or be without a recording yet.
 * @param {MotionEvent[]} events  oldest first
 * @param {{start: string, end?: string | null, trigger: string, item?: string | null} | null | undefined} newest
 *   of the status; a member that has become null is missing, as in a merge patch
 * @param {{from: number, to: number}} day
 * @returns {MotionEvent[]}
 */
export function withNewest(events, newest, day) {
  if (!newest) return events;
  const [start, lasts] = [Date.parse(newest.start), !newest.end];
  if (events.some((event) => event.start === start)) return events.map((event) => (lasts && event.start === start ? { ...event, end: null, lasts } : event));
  if (start < day.from || start >= day.to || (newest.item && !lasts)) return events; // with an item it has been deleted
  const own = { start, end: newest.end ? Date.parse(newest.end) : null, trigger: newest.trigger, strongest: null, items: [], favourite: false, lasts };
  return [...events, own].sort((one, other) => one.start - other.start);
}

/**
 * The events that a choice leaves.
 * @param {MotionEvent[]} events
 * @param {Choice} choice
 */
export const chosen = (events, { trigger, longer_s, favourites }) =>
  events.filter((event) => (!trigger || event.trigger === trigger) && (!favourites || event.favourite) && (!longer_s || seconds(event) > longer_s));

/** How long an event lasted; 0: not known. @param {MotionEvent} event */
export const seconds = ({ start, end }) => (end === null ? 0 : Math.max(0, end - start) / 1000);

/** A number of events, in words. @param {number} count */
export const counted = (count) => (count === 1 ? "one event" : `${count.toLocaleString("en")} events`);

/** A time span: `12 s`, `3 min 20 s`, `2 h 5 min`. @param {number} span_s */
export function span(span_s) {
  const [whole, minutes] = [Math.round(span_s), Math.floor(Math.round(span_s) / 60)];
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
