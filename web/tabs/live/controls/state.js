// @ts-check
/**
 * The controls as the user wants them: what the server has, and on top
 * of it what was just chosen and is on its way. What the server refuses springs
 * back, and the reason stays beside it until the next try.
 */

import { Refused } from "../../../server/api.js";
import { change } from "./rules.js";

/** @typedef {import("./rules.js").Values} Values */

export class ControlState {
  /** libcamera's metadata of the newest frame. @type {Values} */
  metadata = {};
  /** The rows of `api/controls`. @type {import("./numbers.js").Control[]} */
  table = [];
  /** Why a control is not as it was wanted. @type {Map<string, string>} */
  problems = new Map();
  /** Not answered yet. @type {Map<string, {value: any}>} */
  #wanted = new Map();
  settings;
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {import("../../../server/settings-store.js").SettingsStore} settings */
  constructor(settings) {
    this.settings = settings;
    settings.subscribe(() => this.changed());
  }

  /** The controls that are set, or about to be. @returns {Values} */
  get values() {
    const values = { ...this.settings.get("controls") };
    for (const [name, { value }] of this.#wanted) {
      if (value === null) delete values[name];
      else values[name] = value;
    }
    return values;
  }

  /** Whether a choice for this control is on its way. @param {string} name */
  busy(name) {
    return this.#wanted.has(name);
  }

  /** What keeps the settings from being in force; "" if nothing does. */
  get notice() {
    return this.settings.document?.notice ?? "";
  }

  /** A setting by its dotted name. @param {string} name */
  setting(name) {
    return this.settings.get(name);
  }

  /**
   * Call `listener` when anything here has changed.
   * @param {() => void} listener
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tell the listeners. */
  changed() {
    for (const listener of this.#listeners) listener();
  }

  /**
   * Set one control, and what it needs besides.
   * @param {string} name
   * @param {any} value  null: leave it to the camera
   */
  set(name, value) {
    return this.put(change(name, value, this.values, this.metadata, this.table), name);
  }

  /**
   * Set several controls at once.
   * @param {Values} changes
   * @param {string} name  of the one that a refusal is about, where the server names none
   * @returns {Promise<boolean>} whether they are in force; never throws
   */
  async put(changes, name) {
    const wanted = Object.entries(changes).map(([key, value]) => /** @type {const} */ ([key, { value }]));
    for (const [key, entry] of wanted) {
      this.#wanted.set(key, entry);
      this.problems.delete(key);
    }
    this.changed();
    try {
      await this.settings.patch({ controls: changes }, { blind: true });
      return true;
    } catch (error) {
      this.#refused(/** @type {Error} */ (error), name);
      return false;
    } finally {
      for (const [key, entry] of wanted) if (this.#wanted.get(key) === entry) this.#wanted.delete(key);
      this.changed();
    }
  }

  /** @param {Error} error @param {string} name */
  #refused(error, name) {
    const field = error instanceof Refused ? (error.field ?? "") : "";
    const refused = field.startsWith("controls.") ? field.slice("controls.".length) : name;
    this.problems.set(refused, error.message);
  }
}
