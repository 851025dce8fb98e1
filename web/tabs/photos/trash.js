// @ts-check
/** The trash: items deleted in the last 30 days, to restore or to delete for good. */

import { inZone, zoneNote } from "../../base/camera-time.js";
import { confirm } from "../../base/dialogs.js";
import { el, fill } from "../../base/dom.js";
import { reveal } from "../../base/reveal.js";
import { errorText } from "../../base/text.js";
import { KIND } from "./library.js";

/** @typedef {import("./library.js").Deleted} Deleted */

const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

export class Trash {
  #library;
  #context;
  #restored;
  #list = el("ul", { class: "trash-list" });
  element = el("details", { class: "trash" }, el("summary", {}, "Trash"), this.#list);

  /**
   * @param {import("./library.js").Library} library
   * @param {any} context
   * @param {() => void} restored  something is back
   */
  constructor(library, context, restored) {
    this.#library = library;
    this.#context = context;
    this.#restored = restored;
    this.element.addEventListener("toggle", () => this.renew().then(() => this.element.open && reveal(this.element)));
  }

  /** Ask again what is in it, if anybody looks. */
  async renew() {
    if (!this.element.open) return;
    try {
      /** @type {Map<string, Deleted[]>} */
      const deletions = new Map();
      for (const one of await this.#library.trash()) {
        const together = deletions.get(one.deleted);
        if (together) together.push(one);
        else deletions.set(one.deleted, [one]);
      }
      if (!deletions.size) return fill(this.#list, el("li", { class: "hint" }, "The trash is empty. Deleted items stay here for 30 days."));
      const rows = [...deletions].map(([deleted, items]) => this.#row(deleted, items));
      const empty = el("button", { type: "button", class: "danger", onclick: () => this.#empty() }, "Empty the trash");
      fill(this.#list, rows, el("li", {}, empty));
    } catch (error) {
      fill(this.#list, el("li", { class: "problem" }, errorText(error)));
    }
  }

  /**
   * @param {string} deleted
   * @param {Deleted[]} items
   */
  #row(deleted, items) {
    const back = el("button", { type: "button", onclick: () => this.#bringBack(back, deleted) }, "Restore");
    return el("li", {}, el("span", {}, `${words(items)}, deleted ${when(deleted, items[0].zone)}`), back);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} deleted
   */
  async #bringBack(button, deleted) {
    button.disabled = true;
    try {
      const { failed } = await this.#library.restore(deleted);
      if (failed.length) this.#context.say(failed[0].error, { error: true });
      this.#restored();
    } catch (error) {
      this.#context.say(errorText(error), { error: true });
    }
    await this.renew();
  }

  async #empty() {
    await confirm({
      title: "Empty the trash?",
      text: "All items in it are deleted permanently.",
      yes: "Empty the trash",
      action: () => this.#library.emptyTrash(),
    });
    await this.renew();
  }
}

/** @param {Deleted[]} items */
function words(items) {
  const kinds = /** @type {const} */ (["photo", "raw", "video", "motion", "file"]).map((kind) => [KIND[kind].toLowerCase(), items.filter((item) => item.kind === kind).length]);
  return kinds.filter(([, count]) => count).map(([kind, count]) => `${count} ${kind}${count === 1 ? "" : "s"}`).join(", ");
}

/** A stamp of the trash, for a person. @param {string} stamp @param {string} zone */
function when(stamp, zone) {
  const time = Date.parse(stamp.replace(STAMP, "$1-$2-$3T$4:$5:$6Z"));
  return Number.isNaN(time) ? stamp : inZone(time, zone, { dateStyle: "medium", timeStyle: "short" }) + zoneNote(time, zone);
}
