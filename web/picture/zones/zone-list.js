// @ts-check
/** The zones as a list: which is selected, what each is for, and a button that deletes it. */

import { el, uniqueId, write } from "../../base/dom.js";
import { select } from "../../base/fields.js";
import { zoneWords } from "./zone-words.js";

/** @typedef {import("./zone.js").Zone} Zone */
/** @typedef {import("./zone-words.js").Coverage} Coverage */

/**
 * @typedef {object} Manner
 * @property {(index: number) => void} selected
 * @property {(index: number, zone: Zone | null) => void} changed  null: deleted
 */

export class ZoneList {
  element = el("ul", { class: "zone-list" });
  #manner;
  #purpose;
  /** @type {Zone[]} */
  #zones = [];
  /** @type {ReturnType<ZoneList["make"]>[]} */
  #rows = [];

  /** @param {import("./zone-purpose.js").Purpose} purpose @param {Manner} manner */
  constructor(purpose, manner) {
    this.#manner = manner;
    this.#purpose = purpose;
    this.element.setAttribute("aria-label", `${purpose.title} of this camera`);
  }

  /** @param {Zone[]} zones @param {Coverage[]} covered  what each covers of the picture @param {number} selected  -1: none */
  show(zones, covered, selected) {
    this.#zones = zones;
    while (this.#rows.length > zones.length) this.#rows.pop()?.element.remove();
    while (this.#rows.length < zones.length) {
      const row = this.make(this.#rows.length);
      this.#rows.push(row);
      this.element.append(row.element);
    }
    this.element.hidden = !zones.length;
    this.#rows.forEach(({ pick, about, kind }, index) => {
      pick.setAttribute("aria-pressed", String(index === selected));
      write(about, zoneWords(zones[index], covered[index]));
      kind.value = zones[index].include ? "include" : "exclude";
    });
  }

  /** Put the focus on a zone. @param {number} index @returns {boolean} whether there is one */
  focus(index) {
    this.#rows[index]?.pick.focus();
    return index in this.#rows;
  }

  /** Show what is wrong with a zone, and with no other. @param {number} index @param {string} text @returns {boolean} whether there is one */
  complain(index, text) {
    this.#rows.forEach(({ problem }, i) => write(problem, i === index ? text : ""));
    return index in this.#rows;
  }

  /** @param {number} index */
  make(index) {
    const { kinds, word } = this.#purpose;
    const name = `${word} ${index + 1}`;
    const id = uniqueId("zone");
    const about = el("span", { id: `${id}-about` });
    const problem = el("p", { class: "problem", role: "alert" });
    const pick = el("button", { type: "button", class: "zone-pick", "aria-pressed": "false", "aria-describedby": `${id}-about`, onclick: () => this.#manner.selected(index), text: name });
    const kind = select(kinds, {
      "aria-label": `Kind of ${name.toLowerCase()}`, hidden: !kinds.length,
      onchange: () => this.#manner.changed(index, { ...this.#zones[index], include: kind.value === "include" }),
    });
    const gone = el("button", { type: "button", "aria-label": `Delete ${name.toLowerCase()}`, onclick: () => this.#manner.changed(index, null), text: "Delete" });
    return { element: el("li", {}, pick, about, kind, gone, problem), pick, about, kind, problem };
  }
}
