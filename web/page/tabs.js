// @ts-check
/**
 * The tabs: which there are, who may use them, and which one is on the screen.
 *
 * A tab is a module with `export function mount(panel, context)`, called once
 * with its empty <section> (that of Live holds the picture), which gives
 * {shown(), hidden()}: called as the tab comes and goes. Its address is its
 * name below the page's, so it can be bookmarked, and Back works.
 */

import { base } from "../server/api.js";
import { el } from "../base/dom.js";
import { loadPart } from "./update.js";

/** @typedef {import("../server/session.js").Session} Session */

/**
 * @typedef {object} Tab
 * @property {string} name   its address
 * @property {string} title
 * @property {"watch" | "library" | "control"} access  the right to see it
 * @property {"control"} [moduleAccess]  the right to get its module, if another one
 * @property {string[]} styles  its style sheets, by their paths below web/
 * @property {() => Promise<{mount: Mount}>} [module]  what is in it; Live without one is the picture alone
 */

/** @typedef {(panel: HTMLElement, context: any) => {shown(): void, hidden(): void}} Mount */

/** @type {Tab[]} */
export const TABS = [
  { name: "live", title: "Live", access: "watch", moduleAccess: "control", styles: ["tabs/live/live.css", "tabs/live/take.css", "tabs/photos/tile.css"], module: () => import("../tabs/live/tab.js") },
  { name: "photos", title: "Photos", access: "library", styles: ["tabs/photos/photos.css", "tabs/photos/tile.css"], module: () => import("../tabs/photos/tab.js") },
  { name: "timelapse", title: "Timelapse", access: "library", styles: ["tabs/timelapse/series.css", "tabs/timelapse/form.css"], module: () => import("../tabs/timelapse/tab.js") },
  { name: "motion", title: "Motion", access: "control", styles: ["tabs/motion/motion.css", "picture/zones/picture.css", "picture/zones/zones.css", "tabs/motion/tuner.css"], module: () => import("../tabs/motion/tab.js") },
  { name: "config", title: "Config", access: "control", styles: ["tabs/config/config.css", "base/settings.css"], module: () => import("../tabs/config/tab.js") },
  { name: "info", title: "Info", access: "library", styles: ["tabs/info/info.css"], module: () => import("../tabs/info/tab.js") },
  { name: "settings", title: "Settings", access: "control", styles: ["tabs/settings/settings.css", "base/settings.css"], module: () => import("../tabs/settings/tab.js") },
];

/** Whether a session may see the tabs of a kind. */
const ADMITS = {
  watch: (/** @type {Session} */ session) => session.may.watch,
  library: (/** @type {Session} */ session) => session.may.library,
  control: (/** @type {Session} */ session) => session.may.control,
};

/** The tabs that a session may see, in order. @param {Session} session */
export const tabsFor = (session) => TABS.filter((tab) => ADMITS[tab.access](session));

/** The tab of the page's address; Live is also at the page's own. */
export const currentTab = () => location.href.slice(base.href.length).split(/[?#]/)[0] || "live";

/** @param {string} name of a tab */
export const tabAddress = (name) => new URL(name, base).href;

/** Mounts tabs, each once, when it is first asked for. */
export class Panels {
  /** @type {Map<string, {panel: HTMLElement, tab: {shown(): void, hidden(): void} | null}>} */
  #mounted = new Map();
  /** Undefined: the page is as it was sent, with Live. @type {string | null | undefined} */
  #shown = undefined;
  #main;
  #context;

  /**
   * @param {HTMLElement} main  where the panels go
   * @param {any} context  for the tabs
   */
  constructor(main, context) {
    this.#main = main;
    this.#context = context;
    this.#mounted.set("live", { panel: /** @type {HTMLElement} */ (main.querySelector("#live-panel")), tab: null });
  }

  /**
   * Bring a tab to the screen, instead of the one before.
   * @param {string | null} name  null: none
   */
  async show(name) {
    const before = this.#shown;
    if (name !== before) this.#hide();
    this.#shown = name;
    this.#context.camera.shown = name === "live";
    if (!name) return;
    const place = this.#place(name);
    place.panel.hidden = false;
    const tab = TABS.find((candidate) => candidate.name === name);
    if (!tab?.module || place.tab || (tab.moduleAccess === "control" && !this.#context.session.may.control)) {
      if (name !== before) place.tab?.shown();
      return;
    }
    const [module] = await Promise.all([loadPart(tab.module, tab.styles), this.#ready(tab)]);
    if (place.tab) return;
    place.tab = module.mount(place.panel, this.#context);
    if (this.#shown === name) place.tab.shown();
  }

  #hide() {
    const place = this.#shown && this.#mounted.get(this.#shown);
    if (!place) {
      this.#place("live").panel.hidden = true;
      return;
    }
    place.panel.hidden = true;
    place.tab?.hidden();
  }

  /** Load the settings before mounting a tab that shows them. @param {Tab} tab */
  async #ready({ access }) {
    const { settings } = this.#context;
    if (access === "control" && !settings.document) await settings.load();
  }

  /** @param {string} name */
  #place(name) {
    let place = this.#mounted.get(name);
    if (!place) {
      const title = TABS.find((tab) => tab.name === name)?.title ?? name;
      const panel = el("section", { class: "panel", id: `${name}-panel`, "aria-label": title });
      this.#main.append(panel);
      this.#mounted.set(name, (place = { panel, tab: null }));
    }
    return place;
  }
}
