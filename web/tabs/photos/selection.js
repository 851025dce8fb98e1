// @ts-check
/** Commands for the selected items: download them as a ZIP, or delete them (with undo). */

import { el } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { remove } from "./delete.js";

export class Selection {
  element = el("div", { class: "selection", role: "status", hidden: true });
  #grid;
  #library;
  #context;
  #restored;
  #deleted;

  /**
   * @param {import("./grid.js").Grid} grid
   * @param {import("./library.js").Library} library
   * @param {any} context
   * @param {() => void} restored  what was deleted is back, or was not deleted
   * @param {() => void} deleted  something is in the trash, or out of it
   */
  constructor(grid, library, context, restored, deleted) {
    this.#grid = grid;
    this.#library = library;
    this.#context = context;
    this.#restored = restored;
    this.#deleted = deleted;
  }

  /** Say how many are chosen, and what can be done with them. */
  update() {
    const { size } = this.#grid.chosen;
    this.element.hidden = !size;
    if (!size) return;
    const button = (/** @type {string} */ words, /** @type {() => void} */ act, kind = "") =>
      el("button", { type: "button", class: kind, onclick: act }, words);
    this.element.replaceChildren(
      el("span", {}, `${size} selected`),
      button("Download ZIP", () => this.#zip()),
      ...(this.#context.session.may.control ? [button("Delete", () => this.remove([...this.#grid.chosen]), "danger")] : []),
      button("All shown", () => this.#grid.choose(true)),
      button("None", () => this.#grid.choose(false)));
  }

  async #zip() {
    try {
      const { address, leftOut } = await this.#library.zip([...this.#grid.chosen]);
      if (leftOut.length) this.#context.say(`${leftOut.length === 1 ? "One file" : `${leftOut.length} files`} left out of the ZIP, missing or unreadable: ${leftOut.slice(0, 3).join(", ")}`, { error: true });
      location.assign(address);
    } catch (error) {
      this.#context.say(errorText(error), { error: true });
    }
  }

  /**
   * Delete items, and offer to bring them back.
   * @param {string[]} ids
   * @returns {Promise<string[] | null>} those that are deleted; null: the server has not said
   */
  async remove(ids) {
    const gone = await remove(this.#library, ids, {
      say: this.#context.say,
      progress: (done, total) => {
        this.element.hidden = false;
        this.element.textContent = `Deleting: ${done} of ${total}`;
      },
      restored: () => {
        this.#restored();
        this.#deleted();
      },
    });
    if (!gone) this.update();
    else if (gone.length === ids.length) this.#grid.remove(ids);
    else this.#restored(); // somebody else may have changed more than these
    if (gone?.length) this.#deleted();
    return gone;
  }
}
