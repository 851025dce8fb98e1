// @ts-check
/** Links to the pages of the other cameras and to the page with all of them; hidden if there is only one camera. */

import { get } from "../server/api.js";
import { el, fill } from "../base/dom.js";

/** @typedef {{number: number, address: string, here: boolean, model: string | null}} CameraSummary */

export class CameraSwitch {
  #nav;
  /** @type {{cameras: CameraSummary[], page: string} | null} */
  #overview = null;
  #asked = false;

  /** @param {HTMLElement} nav  where the links go */
  constructor(nav) {
    this.#nav = nav;
  }

  /** Show the links, the first time once the server has said which cameras there are. @param {string} tab  the links lead to this one */
  async show(tab) {
    if (this.#overview) return this.update(this.#overview, tab);
    if (this.#asked) return;
    this.#asked = true;
    try {
      this.update(await get("api/overview"), tab);
    } catch {
      this.#asked = false; // the next tab asks again
    }
  }

  /**
   * @param {{cameras: CameraSummary[], page: string}} overview  by `api/overview`
   * @param {string} tab
   */
  update(overview, tab) {
    if (!Array.isArray(overview?.cameras)) return;
    this.#overview = overview;
    const { cameras, page } = overview;
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
