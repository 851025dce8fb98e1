// @ts-check
/**
 * A dialog with some photos (of raw ones, their pictures) to leaf through and compare: one after the other, side by side,
 * blinking, or split by a line that one drags. What differs in their metadata is marked. It keeps its photos when it is closed.
 */

import { openModal } from "../../base/dialogs.js";
import { el, fill, icon } from "../../base/dom.js";
import { CROSS } from "../../base/toasts.js";
import { readable } from "./metadata.js";
import { shortMoment } from "../photos/facts.js";

/** @typedef {import("../photos/library.js").Item} Item */
/** @typedef {import("../photos/library.js").Details} Details */
/** @typedef {import("../photos/library.js").Library} Library */

const MOST = 12;
const BLINK_MS = 700;
const WAYS = [["one", "One"], ["side", "Side by side"], ["blink", "Blink"], ["split", "Split"]];

export class Compare {
  #dialog = el("dialog", { class: "dialog compare", "aria-label": "Compare" });
  #library;
  #offered;
  /** @type {{item: Item, details: Details | null}[]} */
  #photos = [];
  #at = 0;
  #way = "one";
  #blinking = 0;
  #stage = el("div", { class: "compare-stage" });
  #facts = el("div", { class: "compare-facts" });
  #position = el("span", { role: "status" });
  #ways = el("div", { role: "radiogroup", "aria-label": "Way to compare", class: "segments" });
  #more = el("div", { class: "compare-more" });

  /**
   * @param {Library} library
   * @param {() => Item[]} offered  what may be added
   */
  constructor(library, offered) {
    this.#library = library;
    this.#offered = offered;
    for (const [value, words] of WAYS) {
      const radio = el("input", { type: "radio", name: "compare-way", value, checked: value === this.#way });
      radio.addEventListener("change", () => {
        this.#way = value;
        this.#draw();
      });
      this.#ways.append(el("label", {}, radio, el("span", {}, words)));
    }
    const button = (/** @type {string} */ words, /** @type {() => void} */ act) => el("button", { type: "button", onclick: act }, words);
    this.#dialog.append(
      el("header", {}, el("h2", {}, "Compare"), this.#ways, button("Previous", () => this.#go(-1)), this.#position, button("Next", () => this.#go(1)),
        button("Remove", () => this.#remove()), button("Remove all", () => this.#empty())),
      this.#stage, this.#more, this.#facts,
      el("button", { type: "button", class: "plain close", "aria-label": "Close", title: "Close", onclick: () => this.#dialog.close() }, icon(CROSS)));
    this.#dialog.addEventListener("close", () => clearInterval(this.#blinking));
    document.body.append(this.#dialog);
  }

  /** Show a photo beside those that are here already. @param {Item} item */
  add(item) {
    const there = this.#photos.findIndex((photo) => photo.item.id === item.id);
    if (there >= 0) this.#at = there;
    else {
      const photo = { item, details: /** @type {Details | null} */ (null) };
      this.#photos.push(photo);
      if (this.#photos.length > MOST) this.#photos.shift();
      this.#at = this.#photos.length - 1;
      this.#library.details(item).then((details) => {
        photo.details = details;
        this.#tellFacts();
      }, () => {}); // deleted meanwhile: the picture is missing too
    }
    this.#draw();
    if (!this.#dialog.open) openModal(this.#dialog);
  }

  close() {
    this.#dialog.close();
  }

  /** @param {number} step */
  #go(step) {
    this.#at = (this.#at + step + this.#photos.length) % this.#photos.length;
    this.#draw();
  }

  #remove() {
    this.#photos.splice(this.#at, 1);
    this.#at = Math.max(0, this.#at - 1);
    this.#draw();
  }

  #empty() {
    this.#photos = [];
    this.#draw();
  }

  /** The photo chosen, and the one before it. */
  get #pair() {
    const before = (this.#at - 1 + this.#photos.length) % this.#photos.length;
    return [this.#photos[before], this.#photos[this.#at]];
  }

  #draw() {
    clearInterval(this.#blinking);
    if (!this.#photos.length) return this.#dialog.close();
    this.#position.textContent = `${this.#at + 1} of ${this.#photos.length}`;
    const [before, now] = this.#pair.map((photo) => this.#picture(photo.item));
    const alone = this.#photos.length < 2;
    this.#offer(alone);
    this.#stage.dataset.way = alone ? "one" : this.#way;
    if (alone || this.#way === "one") this.#stage.replaceChildren(now);
    else if (this.#way === "split") this.#stage.replaceChildren(...this.#split(before, now));
    else this.#stage.replaceChildren(before, now);
    if (!alone && this.#way === "blink") {
      this.#blinking = window.setInterval(() => now.classList.toggle("hidden"), BLINK_MS);
    }
    this.#tellFacts();
  }

  /** @param {boolean} alone */
  #offer(alone) {
    const here = new Set(this.#photos.map((photo) => photo.item.id));
    const others = this.#offered().filter((item) => !here.has(item.id));
    const none = "There is no other photo yet: take one more to compare it with this one.";
    const words = others.length ? (alone ? "Choose another photo to compare with this one:" : "Add another photo:") : alone && none;
    fill(this.#more, words && el("p", {}, words), el("div", { class: "compare-others" }, others.map((item) =>
      el("button", { type: "button", "aria-label": `Add ${shortMoment(item)}`, onclick: () => this.#addOffered(item) },
        el("img", { src: this.#library.address(item, "thumbnail"), alt: "", width: 96, height: 72 })))));
  }

  /** Its button goes with it. @param {Item} item */
  #addOffered(item) {
    this.add(item);
    /** @type {HTMLElement} */ (this.#ways.querySelector(":checked")).focus();
  }

  /** @param {Item} item */
  #picture(item) {
    return el("img", { src: this.#library.address(item, item.kind === "photo" ? "" : "file=preview"), alt: shortMoment(item) });
  }

  /**
   * Two pictures over each other, with a slider that says how much is seen of the upper one.
   * @param {HTMLElement} before @param {HTMLElement} now
   */
  #split(before, now) {
    const slider = el("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": "Where the picture is split" });
    const cut = () => this.#stage.style.setProperty("--cut", `${slider.value}%`);
    slider.addEventListener("input", cut);
    cut();
    return [before, now, slider];
  }

  #tellFacts() {
    if (!this.#photos.length) return;
    const pair = this.#photos.length > 1 ? this.#pair : [this.#photos[this.#at]];
    const known = pair.map(({ item, details }) => new Map([
      ["Taken", shortMoment(item)], ["Camera", item.camera ?? "–"],
      ["Size", details?.metadata?.size?.join(" × ") ?? "–"], ...readable(details?.metadata?.metadata ?? {}),
    ]));
    const names = new Set(known.flatMap((facts) => [...facts.keys()]));
    const rows = [...names].map((name) => {
      const values = known.map((facts) => facts.get(name) ?? "–");
      return el("tr", { "data-differs": String(new Set(values).size > 1) }, el("th", { scope: "row" }, name), ...values.map((value) => el("td", {}, value)));
    });
    this.#facts.replaceChildren(el("table", {}, el("tbody", {}, ...rows)));
  }
}
