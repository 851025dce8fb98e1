// @ts-check
/** The newest items of the library as a strip: open one, or add it to the comparison. */

import { el } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { clock, line } from "../photos/facts.js";
import { LargeView } from "../photos/large-view.js";
import { badge, Library } from "../photos/library.js";
import { loadPart } from "../../page/update.js";

/** @typedef {import("../photos/library.js").Item} Item */

const SHOWN = 12;
const NONE = "No photos or videos yet: press Photo, Raw photo or Video.";

export class RecentItems {
  #context;
  #library;
  #view;
  /** @type {import("./compare.js").Compare | null} */
  #compare = null;
  /** Newest first. @type {Item[]} */
  #items = [];
  #list = el("ul", { class: "recent", "aria-label": "Newest items" });
  #facts = el("p", { class: "recent-facts" });
  /** The id of the item whose facts are shown. */
  #described = "";

  /** @param {any} context */
  constructor(context) {
    this.#context = context;
    this.#library = new Library(context.api, context.base);
    this.#view = new LargeView([this.#library, context.session.may.control, {
      move: (from, direction) => this.#move(from, direction),
      changed: () => this.renew(),
      remove: (from) => this.#remove(from),
      closed: () => {},
    }], context.say);
    this.element = el("div", {}, this.#list, this.#facts);
  }

  /** Ask for them again, and wait until the picture of the first one is painted. */
  async shown() {
    await this.renew();
    await this.#list.querySelector("img")?.decode().catch(() => {}); // its tile says that it has none
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }

  hidden() {
    this.#view.close();
    this.#compare?.close();
  }

  /** Put an item beside others. @param {Item} item */
  async #add(item) {
    try {
      const { Compare } = await loadPart(() => import("./compare.js"), ["tabs/live/compare.css"]);
      this.#compare ??= new Compare(this.#library, () => this.#items.filter(comparable));
      this.#compare.add(item);
    } catch (error) {
      this.#context.say(errorText(error), { error: true });
    }
  }

  /** Ask for them again. */
  async renew() {
    try {
      this.#items = (await this.#library.page({}, null, SHOWN)).items;
      this.#list.replaceChildren(...this.#items.map((item, i) => this.#tile(item, i === 0)));
      this.#facts.textContent = this.#items.length ? "" : NONE;
      if (this.#items.length) this.#describe(this.#items[0]);
    } catch (error) {
      this.#list.replaceChildren(el("li", { class: "problem" }, errorText(error)));
    }
  }

  /** @param {Item} item @param {boolean} first */
  #tile(item, first) {
    const time = clock(item);
    const picture = el("img", { src: this.#library.address(item, "thumbnail"), alt: "", width: 160, height: 120, loading: first ? "eager" : "lazy", fetchpriority: "low" });
    picture.addEventListener("error", () => picture.replaceWith(el("span", { class: "no-thumbnail" }, item.kind)), { once: true });
    const open = el("button", { type: "button", class: "open", "aria-label": `${item.kind}, ${time}`, onclick: () => this.#view.show(item) }, picture);
    const describe = () => this.#describe(item);
    const tile = el("li", { class: "tile", onpointerenter: describe, onfocusin: describe }, open);
    if (comparable(item)) {
      const words = `Compare the ${item.kind === "raw" ? "raw photo" : "photo"} of ${time}`;
      tile.append(el("button", { type: "button", class: "compare-add", "aria-label": words, onclick: () => this.#add(item) }, "Compare"));
    }
    if (badge(item)) tile.append(el("span", { class: "badge" }, badge(item)));
    return tile;
  }

  /** Say what is known of an item: of the newest one, or of that which is pointed at. @param {Item} item */
  async #describe(item) {
    this.#described = item.id;
    try {
      const details = await this.#library.details(item);
      if (this.#described === item.id) this.#facts.textContent = line(details);
    } catch {
      // It has just been deleted: the strip is asked for again.
    }
  }

  /**
   * @param {Item} from
   * @param {-1 | 1} direction
   */
  #move(from, direction) {
    const next = this.#items[this.#items.findIndex((item) => item.id === from.id) + direction];
    if (next) this.#view.show(next);
  }

  /** @param {Item} item */
  async #remove(item) {
    const { say } = this.#context;
    try {
      const { remove } = await loadPart(() => import("../photos/delete.js"), []);
      const gone = await remove(this.#library, [item.id], { say, restored: () => this.renew() });
      if (gone?.length && this.#view.item?.id === item.id) this.#view.close();
      await this.renew();
    } catch (error) {
      say(errorText(error), { error: true });
    }
  }
}

/** @param {Item} item */
function comparable({ kind }) {
  return kind === "photo" || kind === "raw";
}
