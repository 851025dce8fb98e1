// @ts-check
/** The session: the user who is signed in, and their rights. */

import * as api from "./api.js";

/**
 * @typedef {object} SessionDocument
 * @property {boolean} registered  whether the camera has an owner
 * @property {"anyone" | "signed-in"} watch  who may watch
 * @property {{name: string, role: "owner" | "viewer"} | null} user
 * @property {{watch: boolean, library: boolean, control: boolean}} may
 * @property {{auto: boolean, webrtc: string}} [live]  whether live view starts by itself, and the address of its WebRTC server; ""
 * @property {string[]} [first_steps]  after set-up, what the user has not seen yet
 */

/** What is taken for granted until the server has answered: a page that only watches. @type {SessionDocument} */
const UNKNOWN = { registered: true, watch: "anyone", user: null, may: { watch: true, library: false, control: false } };

export class Session {
  /** Whether the user and their rights are known, from the page or from an answer of the server. */
  known = false;
  /** @type {SessionDocument} */
  #document = UNKNOWN;
  /** @type {Set<(session: Session) => void>} */
  #listeners = new Set();

  constructor() {
    const { session } = document.documentElement.dataset; // as the server knew it when it sent the page
    if (session) this.#take(JSON.parse(session));
    api.whenSignedOut(() => {
      if (this.user || (this.known && this.may.watch)) this.refresh();
    });
  }

  get registered() {
    return this.#document.registered;
  }
  get watch() {
    return this.#document.watch;
  }
  get user() {
    return this.#document.user;
  }
  get may() {
    return this.#document.may;
  }
  get live() {
    return this.#document.live;
  }
  get firstSteps() {
    return this.#document.first_steps ?? [];
  }

  /**
   * Call `listener` whenever the user or their rights have changed.
   * @param {(session: Session) => void} listener
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ask the server. If that fails the session stays as it was: the message below the picture says why. */
  async refresh() {
    try {
      this.#take(await api.get("api/session"));
    } catch {
      // Nothing is known: whatever is asked next finds out.
    }
  }

  /** @param {string} name @param {string} password */
  async signIn(name, password) {
    this.#take(await api.send("POST", "api/session", { name, password }));
  }

  /** @param {string} code @param {string} name @param {string} password */
  async register(code, name, password) {
    this.#take(await api.send("POST", "api/register", { code, name, password }));
  }

  /** @param {boolean} everywhere  on all devices, not just on this one */
  async signOut(everywhere = false) {
    await api.send("DELETE", everywhere ? "api/session?everywhere=1" : "api/session");
    await this.refresh();
  }

  /** @param {SessionDocument} document */
  #take(document) {
    if (typeof document?.may?.watch !== "boolean") return; // not our server's
    const same = this.known && JSON.stringify(document) === JSON.stringify(this.#document);
    this.known = true;
    this.#document = document;
    if (!same) for (const listener of this.#listeners) listener(this);
  }
}
