// @ts-check
/**
 * The zones, or privacy masks: those over the picture, the same as a list, and what adds more of them.
 *
 * A change is saved at once and can be undone. If somebody else has changed the zones meanwhile, theirs are shown.
 */

import { el, write } from "../../base/dom.js";
import { choice } from "../../base/fields.js";
import { errorText } from "../../base/text.js";
import { coverage, onSensor, outline } from "./zone.js";
import { ZoneDrawing } from "./zone-drawing.js";
import { ZoneLayer } from "./zone-layer.js";
import { ZoneList } from "./zone-list.js";
import { ZoneStore } from "./zone-store.js";
import { MOTION } from "./zone-purpose.js";
import { help } from "./zone-words.js";

/** @typedef {import("./zone.js").Point} Point */
/** @typedef {import("./zone.js").Zone} Zone */

/** @type {Point[]} */
const MIDDLE = [[0.35, 0.35], [0.65, 0.65]];

export class Zones {
  element;
  #context;
  #purpose;
  #picture;
  #layer;
  #drawing;
  #list;
  #kind = choice("In a new zone, motion", [["include", "counts"], ["exclude", "is ignored"]]);
  #rectangle = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#draw("rectangle"), text: "Rectangle" });
  #polygon = el("button", { type: "button", "aria-pressed": "false", onclick: () => this.#draw("polygon"), text: "Polygon" });
  #middle = el("button", { type: "button", onclick: () => this.#add(MIDDLE), text: "Add in the middle" });
  #finish = el("button", { type: "button", hidden: true, onclick: () => this.#drawing.finish(), text: "Finish" });
  #cancel = el("button", { type: "button", hidden: true, onclick: () => this.#drawing.stop(), text: "Cancel" });
  #undo = el("button", { type: "button", disabled: true, onclick: () => this.#undoLast(), text: "Undo" });
  #help = el("p", { class: "hint zone-help", role: "status" });
  #meaning = el("p");
  #problem = el("p", { class: "problem", role: "alert" });
  #said = el("span", { class: "said", role: "status" });
  #store;
  /** Those that are shown: also while a person drags one. @type {Zone[]} */
  #zones = [];
  #selected = -1;

  /** @param {any} context @param {import("./picture.js").ZonePicture} picture @param {import("./zone-purpose.js").Purpose} [purpose] */
  constructor(context, picture, purpose = MOTION) {
    this.#context = context;
    this.#purpose = purpose;
    this.#kind.element.hidden = !purpose.kinds.length;
    this.#picture = picture;
    this.#store = new ZoneStore(context.settings, purpose, () => this.#replaced());
    this.#layer = new ZoneLayer(picture, purpose.word, {
      selected: (index) => this.#select(index),
      changed: (index, zone, done) => this.#change(index, zone, done),
      said: (text) => write(this.#said, text),
    });
    this.#drawing = new ZoneDrawing(picture, { drawn: (corners) => this.#add(corners), changed: () => this.#show() });
    this.#list = new ZoneList(purpose, {
      selected: (index) => {
        this.#select(index);
        this.#picture.reveal();
        this.#layer.shapes.focus();
      },
      changed: (index, zone) => this.#change(index, zone, true),
    });
    this.element = el("section", { class: "card zones", "aria-label": purpose.title },
      el("h2", { text: purpose.title }), this.#meaning, this.#kind.element,
      el("div", { class: "actions" }, this.#rectangle, this.#polygon, this.#middle, this.#finish, this.#cancel, this.#undo),
      this.#help, this.#problem, this.#list.element, this.#said);
    for (const place of [this.element, this.#layer.shapes.element]) {
      place.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
        if ((event.ctrlKey || event.metaKey) && event.key === "z") this.#undoLast();
        if (event.key === "Escape") this.#list.focus(this.#selected);
      });
    }
    picture.subscribe(() => this.#show());
    this.#take();
  }

  shown() {}

  hidden() {
    this.#drawing.stop();
  }

  /** Somebody else has changed the zones. */
  #replaced() {
    if (this.#layer.cancel()) this.#context.say(`Someone else has just changed the ${this.#purpose.title.toLowerCase()}, so your change was not saved.`, { error: true });
    this.#selected = -1;
    this.#take();
  }

  /** Show the zones as they are saved, or about to be. */
  #take() {
    this.#zones = this.#store.zones;
    if (this.#selected >= this.#zones.length) this.#selected = -1;
    this.#show();
  }

  /** @param {number} index */
  #select(index) {
    this.#selected = index;
    this.#show();
  }

  /** @param {"rectangle" | "polygon"} kind */
  #draw(kind) {
    if (this.#drawing.kind === kind) this.#drawing.stop();
    else {
      this.#drawing.start(kind);
      this.#picture.reveal();
    }
  }

  /** @param {Point[]} corners  of the picture */
  #add(corners) {
    const points = corners.map((point) => onSensor(this.#picture.toSensor(point), this.#picture.sensor));
    this.#selected = this.#zones.length;
    this.#save([...this.#zones, { include: this.#purpose.kinds.length > 0 && this.#kind.value === "include", points }], this.#selected);
    this.#layer.shapes.focus();
  }

  /** @param {number} index @param {Zone | null} zone  null: deleted @param {boolean} done */
  #change(index, zone, done) {
    const zones = this.#zones.flatMap((old, i) => (i === index ? (zone ?? []) : old));
    if (done) {
      if (!zone) this.#selected = -1;
      this.#save(zones, index);
      if (!zone) this.#focusAfter(index);
    } else {
      this.#zones = zones;
      this.#show();
    }
  }

  /** The zone of this index is deleted. @param {number} index */
  #focusAfter(index) {
    if (!this.#list.focus(Math.min(index, this.#zones.length - 1))) this.#rectangle.focus();
    write(this.#said, `${this.#purpose.word} ${index + 1} was deleted.`);
  }

  async #undoLast() {
    if (!this.#store.canUndo) return;
    this.#selected = -1;
    await this.#saved(-1, this.#store.undo());
    write(this.#said, "The last change was undone.");
  }

  /** @param {Zone[]} zones @param {number} index  the one that a refusal is about */
  #save(zones, index) {
    return this.#saved(index, this.#store.save(zones));
  }

  /** @param {number} index @param {Promise<Error | null>} answer */
  async #saved(index, answer) {
    this.#complain(-1, "");
    this.#take();
    const error = await answer;
    this.#take();
    if (error) this.#complain(index, errorText(error, `The ${this.#purpose.word.toLowerCase()}`));
  }

  /** @param {number} index  of a zone @param {string} text  "": nothing is wrong */
  #complain(index, text) {
    const isInList = this.#list.complain(index, text);
    write(this.#problem, isInList ? "" : text);
  }

  #show() {
    const { known } = this.#picture;
    const covered = this.#zones.map((zone) => (known ? coverage(outline(zone).map((point) => this.#picture.fromSensor(point))) : null));
    const { kind, count } = this.#drawing;
    this.#layer.show(known ? this.#zones : [], this.#selected);
    for (const button of [this.#rectangle, this.#polygon, this.#middle]) button.disabled = !known;
    this.#list.show(this.#zones, covered, this.#selected);
    const { text, nowhere } = this.#purpose.meaning(this.#zones, covered);
    write(this.#meaning, text);
    this.#meaning.className = nowhere ? "problem" : "hint";
    this.#rectangle.setAttribute("aria-pressed", String(kind === "rectangle"));
    this.#polygon.setAttribute("aria-pressed", String(kind === "polygon"));
    this.#cancel.hidden = !kind;
    this.#finish.hidden = kind !== "polygon" || count < 3;
    this.#undo.disabled = !this.#store.canUndo;
    write(this.#help, known ? help(kind, count, this.#selected < 0 ? "" : this.#purpose.word.toLowerCase()) : `${this.#purpose.title} can be drawn once the camera answers.`);
  }
}
