// @ts-check
/**
 * The zones in the settings: each change is saved at once, and can be undone until somebody else changes them.
 *
 * The server refuses a change that is meant for older settings; theirs are taken then.
 */

import { Refused } from "../../server/api.js";
/** @typedef {import("./zone.js").Zone} Zone */
/** @typedef {import("./zone-purpose.js").Purpose} Purpose */

const MOST_UNDONE = 50;
const CONFLICT = 409;

export class ZoneStore {
  #settings;
  #purpose;
  #replaced;
  /** As they are once what is under way has been saved. @type {string[]} */
  #texts;
  /** As they were before each change. @type {string[][]} */
  #before = [];
  #saving = 0;

  /**
   * @param {import("../../server/settings-store.js").SettingsStore} settings
   * @param {Purpose} purpose
   * @param {() => void} replaced  somebody else has changed them
   */
  constructor(settings, purpose, replaced) {
    this.#settings = settings;
    this.#purpose = purpose;
    this.#replaced = replaced;
    this.#texts = this.#inForce;
    settings.subscribe(() => this.#follow());
  }

  /** @returns {string[]} */
  get #inForce() {
    return this.#settings.get(this.#purpose.setting.join(".")) ?? [];
  }

  /** @returns {Zone[]} */
  get zones() {
    return this.#texts.map(this.#purpose.parse);
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  /**
   * Save other zones; `zones` are those at once.
   * @param {Zone[]} zones
   * @returns {Promise<Error | null>} what was refused; null: nothing, or the page says it itself
   */
  async save(zones) {
    const texts = zones.map(this.#purpose.text);
    if (same(texts, this.#texts)) return null;
    this.#before = [...this.#before, this.#texts].slice(-MOST_UNDONE);
    const error = await this.#send(texts);
    if (error) this.#before.pop();
    return error;
  }

  /** Take the last change back. @returns {Promise<Error | null>} */
  async undo() {
    const texts = this.#before.pop();
    return texts ? this.#send(texts) : null;
  }

  /** @param {string[]} texts */
  async #send(texts) {
    this.#texts = texts;
    this.#saving += 1;
    const [section, name] = this.#purpose.setting;
    const error = await this.#settings.patch({ [section]: { [name]: texts } }).then(() => null, (/** @type {Error} */ refusal) => refusal);
    this.#saving -= 1;
    if (!this.#saving) this.#texts = this.#inForce;
    if (!(error instanceof Refused && error.status === CONFLICT)) return error;
    this.#before = [];
    return null;
  }

  #follow() {
    if (this.#saving || same(this.#inForce, this.#texts)) return;
    this.#before = [];
    this.#texts = this.#inForce;
    this.#replaced();
  }
}

/** @param {string[]} one @param {string[]} other */
const same = (one, other) => one.join() === other.join();
