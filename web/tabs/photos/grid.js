// @ts-check
/**
 * The items of the library as a wall of thumbnails, a section a day.
 */

import { dayName, inZone, wall, zoneNote } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { badge, KIND } from "./library.js";

/** @typedef {import("./library.js").Item} Item */
/** @typedef {import("./library.js").Library} Library */

export class Grid {
  /** All items shown, newest first. @type {Item[]} */
  items = [];
  /** The ids of those chosen. @type {Set<string>} */
  chosen = new Set();
  #root;
  #library;
  #on;
  /** @type {Map<string, HTMLElement>} */
  #tiles = new Map();

  /**
   * @param {HTMLElement} root  an empty element
   * @param {Library} library
   * @param {{open: (item: Item) => void, choose: () => void}} on
   */
  constructor(root, library, on) {
    this.#root = root;
    this.#library = library;
    this.#on = on;
  }

  /** The camera's zone, where the viewer's clock shows another time than it did: " (Europe/Berlin)"; else "". */
  get zoneNote() {
    return this.items.map(({ time, zone }) => zoneNote(time, zone)).find(Boolean) ?? "";
  }

  clear() {
    this.items = [];
    this.chosen.clear();
    this.#tiles.clear();
    this.#root.replaceChildren();
  }

  /** @param {Item[]} items  older than all before */
  append(items) {
    for (const item of items) {
      this.items.push(item);
      this.#section(item.day).append(this.#tile(item));
    }
  }

  /**
   * Add the new ones of these newest items in their places, and remove those that are gone. A video may be older than
   * items that are here already: it is added when its MP4 has been made.
   * @param {Item[]} newest
   * @returns {boolean} false: none of them is here, so nothing was done
   */
  renew(newest) {
    if (!newest.some(({ id }) => this.#tiles.has(id))) return false;
    const ids = new Set(newest.map(({ id }) => id));
    const { time: since } = newest[newest.length - 1];
    this.remove(this.items.filter(({ id, time }) => !ids.has(id) && time > since).map(({ id }) => id));
    newest.forEach((item, index) => {
      if (this.#tiles.has(item.id)) return;
      const next = this.items[index]; // all before it are here by now
      this.items.splice(index, 0, item);
      this.#insert(item, next);
    });
    return true;
  }

  /** @param {string[]} ids */
  remove(ids) {
    const gone = new Set(ids);
    this.items = this.items.filter((item) => !gone.has(item.id));
    for (const id of gone) {
      const tile = this.#tiles.get(id);
      const section = tile?.closest("section");
      tile?.remove();
      if (section && !section.querySelector(".tile")) section.remove();
      this.#tiles.delete(id);
      this.chosen.delete(id);
    }
    this.#on.choose();
  }

  /**
   * An item is not what it was.
   * @param {Item} before
   * @param {Item} now
   */
  replace(before, now) {
    const index = this.items.findIndex((item) => item.id === before.id);
    if (index < 0) return;
    this.items[index] = now;
    const old = this.#tiles.get(before.id);
    this.#tiles.delete(before.id);
    if (this.chosen.delete(before.id)) this.chosen.add(now.id);
    old?.replaceWith(this.#tile(now));
  }

  /** @param {Item} item */
  focus(item) {
    this.#tiles.get(item.id)?.querySelector("button")?.focus();
  }

  /** @param {boolean} all */
  choose(all) {
    this.chosen = new Set(all ? this.items.map((item) => item.id) : []);
    for (const [id, tile] of this.#tiles) {
      const box = tile.querySelector("input");
      if (box) box.checked = this.chosen.has(id);
    }
    this.#on.choose();
  }

  /** @param {Item} item @param {Item | undefined} next  the one that it goes before */
  #insert(item, next) {
    const before = (next && this.#tiles.get(next.id)) ?? null;
    const section = /** @type {HTMLElement | null} */ (before?.closest("section") ?? null);
    const above = /** @type {HTMLElement | null} */ (section ? section.previousElementSibling : this.#root.lastElementChild);
    if (section?.dataset.day === item.day) before?.before(this.#tile(item));
    else if (above?.dataset.day === item.day) above.lastElementChild?.append(this.#tile(item));
    else this.#newSection(item.day, section).append(this.#tile(item));
  }

  /** @param {string} day */
  #section(day) {
    const last = /** @type {HTMLElement | null} */ (this.#root.lastElementChild);
    if (last?.dataset.day === day) return /** @type {HTMLElement} */ (last.lastElementChild);
    return this.#newSection(day, null);
  }

  /** @param {string} day @param {Element | null} next  the section that it goes before */
  #newSection(day, next) {
    const wall = el("ul", { class: "wall" });
    this.#root.insertBefore(el("section", { "data-day": day, "aria-label": dayName(day) }, el("h2", {}, dayName(day)), wall), next);
    return wall;
  }

  /** @param {Item} item */
  #tile(item) {
    const elsewhere = wall(item.time, item.zone).slice(0, 10) !== item.day; // the camera has been taken to another zone
    const time = inZone(item.time, item.zone, { ...(elsewhere && { dateStyle: "medium" }), timeStyle: "short" });
    const name = [KIND[item.kind], item.title, time].filter(Boolean).join(", ");
    const placeholder = el("span", { class: "no-thumbnail" }, item.name);
    const picture = item.kind === "file" ? placeholder : el("img", {
      src: this.#library.address(item, "thumbnail"), alt: "", loading: "lazy", decoding: "async", width: 320, height: 240,
    });
    picture.addEventListener("error", () => picture.replaceWith(placeholder), { once: true });
    const box = el("input", { type: "checkbox", "aria-label": `Select ${name}` });
    box.checked = this.chosen.has(item.id);
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(item.id);
      else this.chosen.delete(item.id);
      this.#on.choose();
    });
    const open = el("button", { type: "button", class: "open", "aria-label": name }, picture);
    open.addEventListener("click", () => this.#on.open(item));
    const tile = el("li", { class: "tile", "data-kind": item.kind }, open, !item.series && box);
    if (badge(item)) tile.append(el("span", { class: "badge" }, badge(item)));
    if (item.favourite) tile.append(el("span", { class: "star", role: "img", "aria-label": "Favourite" }, "★"));
    this.#tiles.set(item.id, tile);
    return tile;
  }
}
