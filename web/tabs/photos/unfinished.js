// @ts-check
/** Videos and motion recordings that are no items yet, with the progress of their MP4s. */

import { el, fill, write } from "../../base/dom.js";
import { KIND } from "./library.js";

/** @typedef {{kind: "video" | "motion", time: string | null, progress: number | null}} Video  without a progress: it waits */

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export class Unfinished {
  #list = el("ul", { class: "wall" });
  element = el("section", { "aria-label": "Not finished yet", hidden: true }, this.#list);
  /** The videos of the tiles that are there. */
  #shown = "";

  /**
   * @param {Video[]} videos  the next one first
   * @param {import("./library.js").Filter} filter  of the items
   */
  show(videos, { kind, day, camera, favourites, series }) {
    const chosen = day || camera || favourites || series ? [] : videos.filter((video) => !kind || video.kind === kind);
    const names = chosen.map((video) => [KIND[video.kind], video.time && TIME.format(new Date(video.time))].filter(Boolean).join(", "));
    this.element.hidden = !chosen.length;
    if (String(names) !== this.#shown) {
      this.#shown = String(names);
      fill(this.#list, names.map((name) => el("li", { class: "tile unfinished" }, el("strong", { text: name }), el("span"))));
    }
    chosen.forEach(({ progress }, index) => {
      const text = progress === null ? "Waiting for its MP4" : `Creating the MP4: ${Math.floor(100 * progress)}\u00a0%`;
      write(this.#list.children[index].lastElementChild, text);
    });
  }
}
