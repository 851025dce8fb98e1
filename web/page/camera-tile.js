// @ts-check
/** One camera on the page with all cameras: its picture, its state, and links to its own page. */

import { send } from "../server/api.js";
import { factsOf, Loading, pictureState } from "../picture/state.js";
import { el, fill, write } from "../base/dom.js";
import { ago, clock, errorText } from "../base/text.js";
import { FrameLoop } from "../picture/loop.js";
import { FrameCanvas } from "../picture/canvas.js";
import { tabsFor } from "./tabs.js";

/** @typedef {import("./cameras-page.js").CameraSummary} CameraSummary */
/** @typedef {import("../server/session.js").Session} Session */

const TICK_MS = 1_000;

export class CameraTile {
  #address;
  #say;
  #name = el("a", { class: "camera-tile-name" });
  #word = el("strong");
  #when = el("span", { class: "when" });
  #message = el("p", { class: "message", role: "status" });
  #canvas = el("canvas", { role: "img", "aria-label": "No picture yet", hidden: true });
  #live = el("button", { type: "button", role: "switch", "aria-checked": "false", onclick: () => this.#switch() },
    el("span", { class: "switch", "aria-hidden": "true" }), el("span", { text: "Live" }));
  #photo = el("button", { type: "button", hidden: true, text: "Photo", onclick: () => this.#take() });
  #tabs = el("nav", { class: "camera-tile-tabs" });
  #loading = new Loading();
  #picture;
  #feed;
  #timer;
  /** The camera as of the last `api/overview`, and when that was asked for. @type {{camera: CameraSummary, asked: number}} */
  #known;

  /**
   * @param {CameraSummary} camera
   * @param {typeof import("../base/toasts.js").say} say
   */
  constructor(camera, say) {
    this.#address = camera.address;
    this.#say = say;
    this.#known = { camera, asked: performance.now() };
    this.#name.href = camera.address;
    this.element = el("article", { class: "camera camera-tile", "data-state": "waiting", "data-camera": camera.number },
      el("header", { class: "bar" }, el("h2", {}, this.#name),
        el("p", { class: "chip" }, el("span", { class: "mark", "aria-hidden": "true" }), this.#word, this.#when)),
      el("div", { class: "stage" }, el("div", { class: "picture" }, this.#canvas), this.#loading.element, this.#message),
      el("div", { class: "tools", role: "group" }, this.#live, this.#photo, this.#tabs));
    this.#picture = new FrameCanvas(this.#canvas);
    this.#feed = new FrameLoop((frame) => this.#picture.show(frame), () => this.#show(), camera.address);
    this.#feed.run();
    this.#timer = setInterval(() => this.#show(), TICK_MS);
  }

  /** It is on the screen no more. */
  end() {
    clearInterval(this.#timer);
    this.#feed.end();
  }

  /**
   * Take what the server says of it.
   * @param {CameraSummary} camera
   * @param {number} asked  when, on this page's clock
   */
  update(camera, asked) {
    this.#known = { camera, asked };
    write(this.#name, `Camera ${camera.number}${camera.model ? ` · ${camera.model}` : ""}`);
    for (const group of this.element.querySelectorAll(".tools, .camera-tile-tabs")) group.setAttribute("aria-label", `Camera ${camera.number}`);
    this.#show();
  }

  /** Offer what the session may do. @param {Session} session */
  setRights(session) {
    this.#photo.hidden = !session.may.control;
    const tabs = tabsFor(session).filter((tab) => tab.name !== "live");
    fill(this.#tabs, tabs.map((tab) => el("a", { href: `${this.#address}${tab.name}`, text: tab.title })));
  }

  #show() {
    const { camera, asked } = this.#known;
    const feed = this.#feed;
    const loading = this.#loading.show(feed.progress);
    const frame = this.#picture.shown;
    const { age_s } = this.#picture;
    const { state, word, sentence } = pictureState({
      ...factsOf(feed),
      age_s,
      statusAge_s: (performance.now() - asked) / 1000,
      status: { capture: { running: camera.mode !== null, mode: camera.mode ?? "", reason: camera.reason, interval_s: camera.interval_s ?? undefined } },
      loading,
    });
    this.element.dataset.state = state;
    write(this.#word, word);
    write(this.#message, sentence);
    if (!frame || age_s === null) return;
    const time = clock(frame.time, new Date());
    write(this.#when, `${time} · ${ago(age_s)}`);
    this.#canvas.setAttribute("aria-label", `Camera ${camera.number}, the picture of ${time}. ${word}.`);
  }

  #switch() {
    this.#feed.live = !this.#feed.live;
    this.#live.setAttribute("aria-checked", String(this.#feed.live));
    this.#show();
  }

  async #take() {
    const { number } = this.#known.camera;
    this.#photo.disabled = true;
    try {
      await send("POST", `${this.#address}api/photos`, {});
      this.#say(`Camera ${number} has taken a photo.`);
    } catch (error) {
      this.#say(`Camera ${number}: ${errorText(error)}`, { error: true });
    } finally {
      this.#photo.disabled = false;
    }
  }
}
