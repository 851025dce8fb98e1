// @ts-check
/** The button that keeps the last seconds of an armed camera: what somebody has just seen becomes a motion recording. */

import { el, icon } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { LargeView } from "../photos/large-view.js";
import { remove } from "../photos/delete.js";
import { Library } from "../photos/library.js";

const SECONDS = 10;
const NEWEST = 20; // recordings among which it is looked for

/**
 * Add the button; it is there while the camera looks for motion.
 * @param {HTMLElement} place  gets it at its end
 * @param {any} context
 */
export function addKeep(place, context) {
  const { api, base, say, session, status } = context;
  const library = new Library(api, base);
  const view = new LargeView([library, session.may.control, {
    move: () => {}, changed: () => {}, closed: () => {},
    remove: async (item) => {
      if ((await remove(library, [item.id], { say, restored: () => {} }))?.length) view.close();
    },
  }], say);
  const words = el("span", {}, `Keep last ${SECONDS} s`);
  const button = el("button", { type: "button", hidden: true, title: `Keep the last ${SECONDS} seconds as a motion recording`, onclick: keep }, icon("M5 4h11l3 3v13H5zM9 4v5h6V4M9 20v-6h6v6"), words);
  /** Starts of kept events that are not in the library yet. @type {Set<string>} */
  const waiting = new Set();
  place.append(button);
  status.subscribe((/** @type {any} */ { capture }) => (button.hidden = !capture.motion?.active));
  status.follow(["library"], look);

  async function keep() {
    button.disabled = true;
    try {
      const { event } = await api.send("POST", "api/motion/keep", { seconds: SECONDS });
      if (event) waiting.add(event.start);
      say(event ? `The last ${SECONDS} seconds are being saved.` : `The camera is busy: the last ${SECONDS} seconds are saved once it is free.`);
      await look();
    } catch (error) {
      say(errorText(error), { error: true });
    } finally {
      button.disabled = false;
    }
  }

  /** Offer those that are there by now. */
  async function look() {
    if (!waiting.size) return;
    const { items } = await api.get(`api/library?kind=motion&events=1&limit=${NEWEST}`).catch(() => ({ items: [] })); // the next change asks again
    for (const item of items) {
      if (item.event?.trigger === "keep" && waiting.delete(item.event.start)) say(`The last ${SECONDS} seconds are kept.`, { offer: { text: "Show", act: () => view.show(item) } });
    }
  }
}
