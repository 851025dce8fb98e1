// @ts-check
/** The way from one camera's page to another's, and to the page with all of them; hidden where there is one only. */

import { get } from "../server/api.js";
import { el, fill } from "../base/dom.js";

/** @typedef {{number: number, address: string, here: boolean, model: string | null}} CameraTold */

export class CameraSwitch {
  #nav;
  /** @type {{cameras: CameraTold[], page: string} | null} */
  #told = null;
  #asked = false;

  /** @param {HTMLElement} nav  where the links go */
  constructor(nav) {
    this.#nav = nav;
  }

  /** Show the links, the first time once the server has said which cameras there are. @param {string} tab  the links lead to this one */
  async show(tab) {
    if (this.#told) return this.tell(this.#told, tab);
    if (this.#asked) return;
    this.#asked = true;
    try {
      this.tell(await get("api/overview"), tab);
    } catch {
      this.#asked = false; // the next tab asks again
    }
  }

  /**
   * @param {{cameras: CameraTold[], page: string}} told  by `api/overview`
   * @param {string} tab
   */
  tell(told, tab) {
    if (!Array.isArray(told?.cameras)) return;
    this.#told = told;
    const { cameras, page } = told;
    this.#nav.hidden = cameras.length < 2;
    if (this.#nav.hidden) return;
    const all = !cameras.some(({ here }) => here);
    const state = JSON.stringify([cameras.map(({ number, here, model }) => [number, here, model]), tab]);
    if (this.#nav.dataset.state === state) return; // a link that has the focus keeps it
    this.#nav.dataset.state = state;
    fill(
      this.#nav,
      cameras.map(({ number, address, here, model }) => el("a", {
        href: `${address}${tab}`, "aria-current": here && "page", "aria-label": `Camera ${number}`, title: model, text: number,
      })),
      el("a", { href: page, "aria-current": all && "page", text: "All" }),
    );
  }
}
