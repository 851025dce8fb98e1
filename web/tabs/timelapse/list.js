// @ts-check
/** All series as cards: newest picture, state and progress. */

import { el, fill } from "../../base/dom.js";
import { size } from "../../base/text.js";
import { every, share, STATES, within } from "./words.js";

/** @typedef {import("./api.js").Summary} Summary */

/** What is being done comes first, what is over last. */
const ORDER = ["failed", "running", "planned", "paused", "finished"];

export class SeriesList {
  element = el("ul", { class: "series-cards" });
  /** @type {Map<string, Card>} */
  #cards = new Map();
  #series;
  #address;

  /**
   * @param {import("./api.js").SeriesApi} series
   * @param {(name: string) => string} address  of a series on the page
   */
  constructor(series, address) {
    this.#series = series;
    this.#address = address;
  }

  /**
   * Cards stay the same elements, so that nothing moves under the pointer or loses the focus.
   * @param {Summary[]} all
   * @param {number} now_ms
   */
  show(all, now_ms) {
    const names = new Set(all.map(({ name }) => name));
    for (const [name, card] of this.#cards) {
      if (names.has(name)) continue;
      card.element.remove();
      this.#cards.delete(name);
    }
    const sorted = [...all].sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state) || one.name.localeCompare(other.name));
    sorted.forEach((summary, index) => {
      const card = this.#cards.get(summary.name) ?? new Card(this.#series, summary.name, this.#address(summary.name));
      this.#cards.set(summary.name, card);
      card.show(summary, now_ms);
      if (this.element.children[index] !== card.element) this.element.insertBefore(card.element, this.element.children[index] ?? null);
    });
  }

  /** Count down. @param {number} now_ms */
  tick(now_ms) {
    for (const card of this.#cards.values()) card.tick(now_ms);
  }

  /** @param {string} name */
  focus(name) {
    this.#cards.get(name)?.element.querySelector("a")?.focus();
  }
}

class Card {
  #series;
  #shown = 0;
  /** @type {string | null} */
  #next = null;
  #picture = el("div", { class: "series-thumb" });
  #chip = chip();
  #facts = el("p", { class: "series-facts" });
  #when = el("span", { class: "series-next" });
  #why = el("p", { class: "problem" });
  #bar = el("progress", { max: 1 });
  element;

  /** @param {import("./api.js").SeriesApi} series @param {string} name @param {string} address */
  constructor(series, name, address) {
    this.#series = series;
    this.element = el("li", { class: "series-card" }, this.#picture,
      el("div", { class: "series-body" },
        el("h3", {}, el("a", { href: address, text: name })),
        el("p", { class: "series-line" }, this.#chip.element, this.#when), this.#why, this.#facts, this.#bar));
    this.#bar.setAttribute("aria-label", `Progress of ${name}`);
  }

  /** @param {Summary} summary @param {number} now_ms */
  show(summary, now_ms) {
    const { state, why, taken, missed, bytes, last, next, definition, planned } = summary;
    this.element.dataset.state = state;
    this.#chip.show(state);
    this.#why.textContent = why ?? "";
    this.#next = state === "running" || state === "planned" ? next : null;
    const of = planned ? ` of ${planned.toLocaleString("en")}` : "";
    this.#facts.textContent = [
      `${every(definition.interval_s ?? 60).replace("every", "Every")}`, `${taken.toLocaleString("en")}${of} taken`,
      missed > 0 && `${missed.toLocaleString("en")} missed`, bytes > 0 && size(bytes),
    ].filter(Boolean).join(" · ");
    const part = share(summary);
    this.#bar.hidden = part === null;
    if (part !== null) this.#bar.value = part;
    if (last && last.n !== this.#shown) this.#load(summary, last.n);
    this.tick(now_ms);
  }

  /** @param {number} now_ms */
  tick(now_ms) {
    this.#when.textContent = this.#next ? `next ${within((Date.parse(this.#next) - now_ms) / 1000)}` : "";
  }

  /** The picture before stays until this one is there. @param {Summary} summary @param {number} n */
  #load(summary, n) {
    this.#shown = n;
    const picture = el("img", { src: this.#series.picture(summary, n, "thumbnail"), alt: "", decoding: "async" });
    picture.addEventListener("load", () => this.#shown === n && fill(this.#picture, picture));
  }
}

/** The state as a chip: its colour is said in words too. */
export function chip() {
  const element = el("span", { class: "state-chip" });
  return {
    element,
    /** @param {Summary["state"]} state */
    show(state) {
      element.dataset.state = state;
      element.textContent = STATES[state] ?? state;
    },
  };
}

