// @ts-check
/**
 * The settings as the server has them.
 *
 * Changes go one request at a time: those that are asked for meanwhile are merged into the next. Each names the
 * version it is meant for; if somebody else was faster, theirs is shown, and ours is refused (409).
 */

import { exchange, Refused } from "./api.js";

/**
 * @typedef {object} Field
 * @property {"bool" | "int" | "float" | "text" | "list" | "choice" | "controls"} type
 * @property {any} default
 * @property {number | null} low
 * @property {number | null} high
 * @property {any[]} choices
 * @property {string} unit
 * @property {string} text  what it is, in a sentence
 */

/**
 * @typedef {object} SettingsDocument
 * @property {Record<string, any>} settings
 * @property {Record<string, any>} defaults
 * @property {Record<string, Field>} fields  by dotted name
 * @property {string | null} notice  what keeps the settings from being in force
 * @property {string[]} restart  names of those that apply after a restart of the server
 * @property {{name: string, settings: string[]} | null} [profile]  the active one, and what it sets
 */

/** @typedef {{patch: any, blind: boolean, resolve: (document: SettingsDocument) => void, reject: (error: Error) => void}} Change */

export class SettingsStore {
  /** The newest that we have; null before the first answer. @type {SettingsDocument | null} */
  document = null;
  #tag = "";
  /** The newest revision that the server has announced. */
  #revision = "";
  /** @type {Set<(document: SettingsDocument, conflict: boolean) => void>} */
  #listeners = new Set();
  /** Not sent yet. @type {Change[]} */
  #waiting = [];
  #busy = false;
  /** The listeners do not know the newest document yet. */
  #untold = false;

  /** Changes are on their way. */
  get busy() {
    return this.#busy;
  }

  /** A setting by its dotted name, or a whole section. @param {string} name */
  get(name) {
    return name.split(".").reduce((section, key) => section?.[key], /** @type {any} */ (this.document?.settings));
  }

  /** What the active profile sets, as a sentence; "" if it does not. @param {string} name */
  setBy(name) {
    const profile = this.document?.profile;
    return profile?.settings.includes(name) ? `Set by profile ${profile.name}.` : "";
  }

  /** Ask for the settings again. */
  async load() {
    const { document, tag } = await exchange("GET", "api/settings");
    this.take(document, tag);
    return document;
  }

  /** Ask for the settings if the server has another revision of them. @param {string} [revision] */
  follow(revision) {
    if (!revision || !this.document || this.#busy || revision === this.#revision) return;
    this.#revision = revision;
    if (revision !== this.#tag) this.refresh().catch(() => (this.#revision = "")); // asked again with the next status
  }

  /** Take what somebody else has changed meanwhile, unless changes of ours are on their way. */
  async refresh() {
    const before = this.document;
    const { document, tag } = await exchange("GET", "api/settings");
    if (tag !== this.#tag && this.document === before && !this.#busy) this.take(document, tag);
  }

  /**
   * Change settings.
   * @param {Record<string, any>} patch  a merge patch (RFC 7396)
   * @param {{blind?: boolean}} [how]  blind: whatever the version
   * @returns {Promise<SettingsDocument>} once it is in force
   * @throws {import("./api.js").Unreachable | Refused} 422: `field` is wrong; 409: see above
   */
  patch(patch, { blind = false } = {}) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ patch, blind, resolve, reject });
      if (!this.#busy) this.#send();
    });
  }

  /**
   * Call `listener` with each newer document.
   * @param {(document: SettingsDocument, conflict: boolean) => void} listener
   *   `conflict`: somebody else has changed them, and a change of ours was refused
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Settings that came with another answer. @param {SettingsDocument} document @param {string} tag */
  take(document, tag, conflict = false) {
    this.document = document;
    this.#tag = tag;
    this.#untold = false;
    for (const listener of this.#listeners) listener(document, conflict);
  }

  async #send() {
    this.#busy = true;
    try {
      while (this.#waiting.length) await this.#exchange(this.#waiting.splice(0));
    } finally {
      this.#busy = false;
    }
  }

  /** @param {Change[]} changes  become one request */
  async #exchange(changes) {
    const body = changes.reduce((all, { patch }) => merged(all, patch), {});
    const tag = changes.every(({ blind }) => blind) ? "" : this.#tag;
    try {
      const { document, tag: newer } = await exchange("PATCH", "api/settings", { body, tag });
      if (this.#waiting.length) {
        // What waits is newer than this answer: controls that are being moved must not jump back.
        this.document = document;
        this.#tag = newer;
        this.#untold = true;
      } else {
        this.take(document, newer);
      }
      for (const { resolve } of changes) resolve(document);
    } catch (error) {
      this.#refuse(changes, /** @type {Error} */ (error));
    }
  }

  /** Tell those whose fault it is; the others' changes are tried again. @param {Change[]} changes @param {Error} error */
  #refuse(changes, error) {
    const refused = error instanceof Refused ? error : null;
    if (refused?.status === 409 && refused.body?.settings) this.take(refused.body, refused.tag, true);
    else if (this.#untold && this.document) this.take(this.document, this.#tag);
    const rejected = refused?.field ? changes.filter(({ patch }) => touches(patch, refused.field ?? "")) : [];
    if (refused?.status !== 422 || rejected.length === 0) {
      for (const { reject } of changes) reject(error);
      return;
    }
    this.#waiting.unshift(...changes.filter((change) => !rejected.includes(change)));
    for (const { reject } of rejected) reject(error);
  }
}

/** Two merge patches as one. @param {any} older @param {any} newer @returns {any} */
export function merged(older, newer) {
  if (!isObject(newer)) return newer;
  const result = isObject(older) ? { ...older } : {};
  for (const [key, value] of Object.entries(newer)) result[key] = merged(result[key], value);
  return result;
}

/** The merge patch that sets one setting. @param {string} name  dotted @param {any} value */
export const patchOf = (name, value) => name.split(".").reduceRight((inner, key) => ({ [key]: inner }), value);

/** Whether `patch` says anything of the setting or section of this dotted name. @param {any} patch @param {string} name */
function touches(patch, name) {
  let inner = patch;
  for (const key of name.split(".")) {
    if (!isObject(inner)) return true; // a whole section
    if (!(key in inner)) return false;
    inner = inner[key];
  }
  return true;
}

/** @param {any} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
