// @ts-check
/** The groups of controls: Focus, Zoom, Exposure and so on, each open or closed as it was left. */

import { ControlRow } from "./row.js";
import { el } from "../../../base/dom.js";
import { storedFlags, storeFlag } from "../../../base/storage.js";

/** @typedef {import("./numbers.js").Control} Control */
/** @typedef {import("./state.js").ControlState} ControlState */
/** @typedef {import("./fields.js").Field} Field */

const KEY = "stillcam.groups";
const OPEN_AT_FIRST = ["Focus", "Zoom", "Exposure"];

export class Controls {
  element = el("div", { class: "groups" });
  /** @type {{rows: ControlRow[], count: HTMLElement, reset: HTMLButtonElement}[]} */
  #groups = [];
  #state;
  #end;
  #all = el("button", { type: "button", class: "reset-all", onclick: () => this.#reset(this.#groups.flatMap(({ rows }) => rows)) }, "Reset all controls");

  /**
   * @param {Control[]} controls  of `api/controls`, in order
   * @param {ControlState} state
   * @param {Record<string, Field>} fields  of controls that have their own way to be set
   * @param {Record<string, HTMLElement>} extras  what stands on top of a group
   */
  constructor(controls, state, fields = {}, extras = {}) {
    this.#state = state;
    const names = [...new Set(controls.map(({ group }) => group))];
    const open = storedFlags(KEY);
    for (const name of names) {
      const rows = controls.filter(({ group }) => group === name).map((control) => new ControlRow(control, state, fields[control.name]));
      this.#add(name, rows, open, extras[name]);
    }
    this.element.append(this.#all);
    this.#end = state.subscribe(() => this.show());
    this.show();
  }

  /** Others take their place. */
  end() {
    this.#end();
  }

  /** Show all as they are now. */
  show() {
    let total = 0;
    for (const { rows, count, reset } of this.#groups) {
      for (const row of rows) row.show();
      const set = rows.filter((row) => row.isSet).length;
      total += set;
      count.textContent = set ? `${set} set` : "";
      reset.disabled = set === 0;
    }
    this.#all.disabled = total === 0;
  }

  /**
   * @param {string} name
   * @param {ControlRow[]} rows
   * @param {Record<string, boolean>} open
   * @param {HTMLElement} [extra]
   */
  #add(name, rows, open, extra) {
    const count = el("span", { class: "count" });
    const reset = el("button", { type: "button", class: "reset-group", onclick: () => this.#reset(rows) }, `Reset ${name}`);
    const group = el(
      "details",
      { class: "group", "data-group": name, open: open[name] ?? OPEN_AT_FIRST.includes(name), ontoggle: () => storeFlag(KEY, name, group.open) },
      el("summary", {}, el("h2", { text: name }), count),
      el("div", { class: "rows", role: "group", "aria-label": name }, extra, rows.map(({ element }) => element), reset),
    );
    this.#groups.push({ rows, count, reset });
    this.element.append(group);
  }

  /** Leave all of them to the camera, in one change. @param {ControlRow[]} rows */
  #reset(rows) {
    const names = rows.filter((row) => row.isSet).map(({ control }) => control.name);
    if (names.length) this.#state.put(Object.fromEntries(names.map((name) => [name, null])), names[0]);
  }
}
