// @ts-check
/** The large view of an item: its module is loaded when the first item is opened, or before. */

import { loadPart } from "../../page/update.js";
import { errorText } from "../../base/text.js";

/** @typedef {import("./library.js").Item} Item */
/** @typedef {ConstructorParameters<typeof import("./view.js").View>} ViewArguments */

export class LargeView {
  #arguments;
  #say;
  /** @type {import("./view.js").View | null} */
  #view = null;

  /**
   * @param {ViewArguments} viewArguments  of the view that is loaded
   * @param {(text: string, how: {error: boolean}) => void} say
   */
  constructor(viewArguments, say) {
    this.#arguments = viewArguments;
    this.#say = say;
  }

  /** The item that is shown; null: none. */
  get item() {
    return this.#view?.item ?? null;
  }

  async #load() {
    const { View } = await loadPart(() => import("./view.js"), ["tabs/photos/view.css", "picture/histogram.css"]);
    return (this.#view ??= new View(...this.#arguments));
  }

  /** Load it while nothing more urgent is to be done: it opens without delay then. */
  prepare() {
    const later = window.requestIdleCallback ?? setTimeout; // Safari has none
    later(() => this.#load().catch(() => {})); // opening an item tries again, and says why
  }

  /** Show an item, large. @param {Item} item */
  async show(item) {
    try {
      await (this.#view ?? (await this.#load())).show(item);
    } catch (error) {
      this.#say(errorText(error), { error: true });
    }
  }

  close() {
    this.#view?.close();
  }
}
