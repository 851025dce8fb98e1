// @ts-check
/** One item, large: the picture with zoom, or the video; its metadata and its commands. */

import { openModal } from "../../base/dialogs.js";
import { el, uniqueId } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { HistogramPanel } from "../../picture/histogram.js";
import { facts } from "./details.js";
import { moment } from "./facts.js";
import { Zoom } from "./zoom.js";

/** @typedef {import("./library.js").Item} Item */
/** @typedef {import("./library.js").Library} Library */

const FINE = 640; // pixels in a row that the histogram counts: a photo stays, where a frame is gone soon
const PLAYABLE = /\.(mp4|m4v|webm|mov)$/i;
const PICTURE = /\.(jpe?g|png|bmp)$/i; // of an event of which only a picture was recorded

export class View {
  /** The item that is shown. @type {Item | null} */
  item = null;
  #library;
  #on;
  #may;
  #dialog;
  #stage = el("div", { class: "view-stage" });
  #facts = el("div", { class: "view-facts" });
  #title = el("h2", { id: uniqueId("view-title") });
  #histogram = new HistogramPanel();
  /** @type {Zoom | null} */
  #zoom = null;
  /** The ids of those being deleted: each is shown until it is gone. @type {Set<string>} */
  #going = new Set();

  /**
   * @param {Library} library
   * @param {boolean} mayChange
   * @param {{move: (from: Item, direction: -1 | 1) => void, changed: (before: Item, now: Item) => void,
   *   remove: (item: Item) => Promise<void>, closed: (item: Item) => void}} on
   */
  constructor(library, mayChange, on) {
    this.#library = library;
    this.#may = mayChange;
    this.#on = on;
    const button = (/** @type {string} */ words, /** @type {string} */ sign, /** @type {() => void} */ act) =>
      el("button", { type: "button", "aria-label": words, title: words, onclick: act }, sign);
    this.#dialog = el("dialog", { class: "view", "aria-labelledby": this.#title.id },
      el("header", {}, this.#title, button("Close", "✕", () => this.#dialog.close())),
      el("div", { class: "view-picture" },
        button("Newer", "‹", () => this.#move(-1)), this.#stage, button("Older", "›", () => this.#move(1))),
      this.#facts);
    this.#dialog.addEventListener("close", () => this.#closed());
    this.#dialog.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    document.body.append(this.#dialog);
  }

  /** @param {Item} item */
  async show(item) {
    this.item = item;
    if (!this.#dialog.open) openModal(this.#dialog);
    this.#title.textContent = item.title || moment(item);
    this.#stage.replaceChildren(this.#medium(item));
    const known = el("p", {}, "…"); // until the details come: a title that somebody types meanwhile stays
    this.#facts.replaceChildren(...this.#actions(item), this.#histogram.element, known);
    try {
      known.replaceWith(...facts(await this.#library.details(item)));
    } catch (error) {
      known.replaceWith(el("p", { class: "problem" }, errorText(error)));
    }
  }

  close() {
    this.#dialog.close();
  }

  #closed() {
    const item = this.item;
    this.item = null;
    this.#zoom = null;
    this.#stage.replaceChildren(); // a video that nobody sees stops
    if (item) this.#on.closed(item);
  }

  /** @param {Item} item */
  #medium(item) {
    this.#zoom = null;
    this.#histogram.clear();
    const isPicture = item.kind === "photo" || (item.kind === "motion" && PICTURE.test(item.name));
    this.#histogram.element.hidden = !isPicture && item.kind !== "raw";
    const cannot = el("p", { class: "no-thumbnail" }, "The browser cannot show this file: download it.");
    if (item.kind === "file") return cannot;
    if ((item.kind === "video" || item.kind === "motion") && PLAYABLE.test(item.name)) {
      const poster = this.#library.address(item, "file=preview");
      return el("video", { src: this.#library.address(item), poster, controls: true, playsinline: true, preload: "metadata" });
    }
    const picture = el("img", {
      src: this.#library.address(item, isPicture ? "" : "file=preview"), alt: item.title || item.name, draggable: "false",
    });
    picture.addEventListener("load", () => picture.isConnected && this.#histogram.update(picture, FINE), { once: true });
    picture.addEventListener("error", () => {
      this.#histogram.element.hidden = true;
      picture.replaceWith(cannot);
    }, { once: true });
    const frame = el("div", { class: "view-zoom" }, picture);
    this.#zoom = new Zoom(frame, picture, (direction) => this.#move(direction));
    return frame;
  }

  /** @param {Item} item */
  #mayChange(item) {
    return this.#may && !item.series;
  }

  /** @param {Item} item */
  #actions(item) {
    const save = el("a", { class: "button", href: this.#library.address(item, "download"), download: "" }, "Download");
    if (!this.#mayChange(item)) return [el("div", { class: "view-actions" }, save)];
    const star = el("button", { type: "button", "aria-pressed": String(item.favourite) }, item.favourite ? "★ Favourite" : "☆ Favourite");
    star.addEventListener("click", () => this.#change(item, { favourite: !item.favourite }));
    const title = el("input", { name: "title", value: item.title, maxlength: 80, placeholder: "Title", "aria-label": "Title" });
    title.addEventListener("change", () => this.#change(item, { title: title.value }));
    const disabled = this.#going.has(item.id);
    const remove = el("button", { type: "button", class: "danger", disabled, onclick: () => this.#remove(item) }, "Delete");
    return [el("div", { class: "view-actions" }, title, star), el("div", { class: "view-actions" }, save, remove)];
  }

  /**
   * @param {Item} item
   * @param {{favourite?: boolean, title?: string}} changes
   */
  async #change(item, changes) {
    try {
      const now = await this.#library.change(item, changes);
      this.#on.changed(item, now);
      if (this.item === item) await this.show(now);
    } catch (error) {
      this.#facts.querySelector(".problem")?.remove();
      this.#facts.prepend(el("p", { class: "problem", role: "alert" }, errorText(error)));
    }
  }

  /** @param {Item} item */
  async #remove(item) {
    if (this.#going.has(item.id)) return;
    const enable = (/** @type {boolean} */ may) => {
      const button = this.#facts.querySelector("button.danger");
      if (button && this.item?.id === item.id) /** @type {HTMLButtonElement} */ (button).disabled = !may;
    };
    this.#going.add(item.id);
    enable(false);
    await this.#on.remove(item);
    this.#going.delete(item.id);
    enable(true);
  }

  /** @param {-1 | 1} direction */
  #move(direction) {
    if (this.item) this.#on.move(this.item, direction);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, video") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = /** @type {const} */ ({ ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] })[event.key];
    if (step && this.#zoom?.enlarged) this.#zoom.pan(step[0], step[1]);
    else if (event.key === "ArrowLeft") this.#move(-1);
    else if (event.key === "ArrowRight") this.#move(1);
    else if (event.key === "+") this.#zoom?.by(1.5);
    else if (event.key === "-") this.#zoom?.by(1 / 1.5);
    else if (event.key === "0") this.#zoom?.reset();
    else if (event.key === "Delete" && this.item && this.#mayChange(this.item)) this.#remove(this.item);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
