// @ts-check
/** The films of a series: progress of those being made; play, download and delete the others. */

import { inZone, zoneNote } from "../../base/camera-time.js";
import { confirm } from "../../base/dialogs.js";
import { el, fill, write } from "../../base/dom.js";
import { errorText, sentence, size } from "../../base/text.js";
import { filmForm } from "./film-form.js";
import { lasting } from "./words.js";

/** @typedef {import("./api.js").Film} Film */
/** @typedef {import("./api.js").Summary} Summary */

const KINDS = { film: "Film", sheet: "Contact sheet", keogram: "Keogram", trails: "Star trails" };
/** In a sentence. @param {Film["kind"]} kind */
const noun = (kind) => (kind === "trails" ? "picture of star trails" : KINDS[kind].toLowerCase());
const WORKING = ["waiting", "running"];

export class Films {
  element;
  #series;
  #say;
  #may;
  #form;
  #name = "";
  #zone = "UTC";
  #list = el("ul", { class: "films" });
  #none = el("p", { class: "hint", hidden: true });
  /** @type {Map<string, {element: HTMLElement, show: (film: Film) => void}>} */
  #rows = new Map();

  /**
   * @param {import("./api.js").SeriesApi} series
   * @param {boolean} may  make and delete some
   * @param {(text: string, how?: {error?: boolean}) => void} say
   */
  constructor(series, may, say) {
    this.#series = series;
    this.#say = say;
    this.#may = may;
    this.#form = filmForm({ make: async (options) => {
      await series.make(options);
      await this.renew();
    } });
    this.element = el("section", { class: "series-films", "aria-label": "Films" }, el("h3", { text: "Films" }), may && this.#form.element, this.#none, this.#list);
  }

  /** @param {Summary} summary */
  show(summary) {
    if (summary.name !== this.#name) {
      this.#rows.clear();
      fill(this.#list);
    }
    this.#name = summary.name;
    this.#zone = summary.zone;
    this.#form.show(summary);
  }

  /** Ask how far they are. */
  async renew() {
    const name = this.#name;
    const films = await this.#series.films(name);
    if (name !== this.#name) return;
    this.#none.hidden = films.length > 0;
    write(this.#none, this.#may ? "No film yet. Choose a kind and press Create: the film appears here." : "No film yet. It appears here once an owner makes one.");
    const ids = new Set(films.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    films.forEach((film, index) => {
      const row = this.#rows.get(film.id) ?? this.#row(film);
      this.#rows.set(film.id, row);
      row.show(film);
      if (this.#list.children[index] !== row.element) this.#list.insertBefore(row.element, this.#list.children[index] ?? null);
    });
  }

  /** @param {Film} film */
  #row({ id, kind }) {
    const medium = el("div", { class: "film-medium" });
    const words = el("p", { class: "film-words" });
    const bar = el("progress", { max: 1, "aria-label": `Progress of the ${noun(kind)}` });
    const actions = el("div", { class: "actions" });
    const element = el("li", { class: "film", "data-film": id }, el("h4", { text: KINDS[kind] }), medium, words, bar, actions);
    let shown = "";
    const show = (/** @type {Film} */ film) => {
      const working = WORKING.includes(film.state);
      bar.hidden = !working;
      if (film.state === "running") bar.value = film.progress;
      const text = progressWords(film, this.#zone);
      write(words, text);
      if (film.state === shown) return;
      if (working !== WORKING.includes(shown) || film.state === "done") {
        fill(actions,
          film.state === "done" && el("a", { class: "button", href: this.#series.film(id, "download"), download: "", text: "Download" }),
          this.#may && el("button", { type: "button", class: working ? null : "danger", onclick: () => (working ? this.#cancel(id) : this.#delete(film)), text: working ? "Cancel" : "Delete" }));
      }
      if (film.state === "done" && shown) this.#say(`The ${noun(kind)} of ${this.#name} is ready.`);
      shown = element.dataset.state = film.state;
      if (film.state === "done") fill(medium, this.#medium(film));
    };
    return { element, show };
  }

  /** @param {Film} film */
  #medium({ id, kind }) {
    const address = this.#series.film(id);
    if (kind === "film") return el("video", { src: address, controls: true, playsinline: true, preload: "metadata", "aria-label": `Film of ${this.#name}` });
    return el("a", { href: address, target: "_blank", rel: "noopener" }, el("img", { src: address, alt: `${KINDS[kind]} of ${this.#name}`, loading: "lazy" }));
  }

  /** @param {string} id */
  async #cancel(id) {
    try {
      await this.#series.remove(id);
      await this.renew();
    } catch (error) {
      this.#say(errorText(error), { error: true });
    }
  }

  /** @param {Film} film */
  async #delete({ id, kind }) {
    const what = noun(kind);
    const done = await confirm({ title: `Delete this ${what}?`, text: "You can create it again as long as its pictures exist.", yes: "Delete", action: () => this.#series.remove(id) });
    if (done) await this.renew().catch((error) => this.#say(errorText(error), { error: true }));
  }
}

/** @param {Film} film @param {string} zone  of the camera's clock */
export function progressWords({ state, progress, left_s, error, bytes, duration_s, made, skipped, left_out }, zone) {
  if (state === "waiting") return "Waiting for its turn.";
  if (state === "running") return `${Math.floor(progress * 100)} %${left_s === null || left_s === undefined ? "" : `, ${lasting(left_s)} left`}`;
  if (state === "failed") return sentence(error ?? "the film could not be made");
  return [made && inZone(made, zone, { dateStyle: "medium", timeStyle: "short" }) + zoneNote(made, zone), duration_s && lasting(duration_s), bytes && size(bytes),
    skipped && `left out: ${skipped === 1 ? "one unreadable picture" : `${skipped} unreadable pictures`} (${left_out?.join("; ")})`].filter(Boolean).join(" · ");
}
