// @ts-check
/** The live picture that zones and masks are drawn on, with layers over it, and where its points are on the sensor. */

import { el, write } from "../../base/dom.js";
import { reveal } from "../../base/reveal.js";
import { FrameCanvas } from "../canvas.js";
import { FrameLoop } from "../loop.js";
import { factsOf, Loading, pictureState } from "../state.js";
import { SensorView } from "../sensor-view.js";

/** @typedef {import("../sensor-view.js").Point} Point */
/** @typedef {import("../sensor-view.js").Rectangle} Rectangle */

const TICK_MS = 1_000;
const FPS = 5; // of its frames: as many as the detector looks at by default, and few enough to draw on with a phone

export class ZonePicture {
  element;
  /** The size of the whole sensor, in its pixels; of no meaning until it is `known`. @type {[number, number]} */
  sensor = [16, 9];
  /** The camera has said how large its sensor is. */
  known = false;
  #context;
  #canvas = el("canvas", { role: "img", "aria-label": "No picture yet", hidden: true });
  #box = el("div", { class: "picture zone-picture-box" }, this.#canvas);
  #message = el("p", { class: "hint zone-picture-message", role: "status" });
  #loading = new Loading();
  #picture = new FrameCanvas(this.#canvas);
  #feed = new FrameLoop((frame) => this.#picture.show(frame), () => this.#show());
  #view = new SensorView([0, 0, 16, 9], {}, {});
  #known = "";
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #timer = 0;
  #unsubscribe = () => {};

  /** @param {any} context */
  constructor(context) {
    this.#context = context;
    this.#box.append(this.#loading.element);
    this.element = el("div", { class: "zone-picture" }, this.#box, this.#message);
    context.settings.subscribe(() => this.#measure());
    this.#measure();
    this.#feed.active = false;
    this.#feed.live = true;
    this.#feed.fps = FPS;
    this.#feed.run();
  }

  shown() {
    this.#feed.active = true;
    this.#timer = window.setInterval(() => document.hidden || this.#show(), TICK_MS);
    this.#unsubscribe = this.#context.status.subscribe(() => this.#measure());
  }

  hidden() {
    this.#feed.active = false;
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  /** A new layer over the picture, as large as it; it lets the pointer through until its style says otherwise. @returns {HTMLElement} */
  layer() {
    const layer = el("div", { class: "zone-picture-layer" });
    this.#box.append(layer);
    return layer;
  }

  /** Scroll until it is seen. */
  reveal() {
    reveal(this.#box);
  }

  /** Call `listener` when points of the picture are elsewhere on the sensor than before. @param {() => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {Point} point  of the picture, 0 to 1 from left to right and from top to bottom @returns {Point} in pixels of the sensor */
  toSensor(point) {
    return this.#view.toSensor(point);
  }

  /** @param {Point} point  in pixels of the sensor @returns {Point} of the picture; outside 0 to 1 where the picture does not show it */
  fromSensor(point) {
    return this.#view.toPicture(point);
  }

  /** Width by height of the picture. */
  get aspect() {
    const [, , width, height] = this.#view.crop;
    return this.#view.sideways ? height / width : width / height;
  }

  /** The part of the sensor that is shown, and how it is turned. */
  #measure() {
    const { settings, status } = this.#context;
    const { camera, metadata } = status.latest?.capture ?? {};
    const [turned, live] = [settings.get("camera") ?? {}, settings.get("live") ?? {}];
    this.sensor = camera?.size ?? this.sensor;
    this.known ||= Boolean(camera?.size);
    const crop = metadata?.ScalerCrop ?? [0, 0, ...this.sensor];
    const now = JSON.stringify([this.known, crop, this.sensor, turned.rotation, turned.hflip, turned.vflip, live.hflip, live.vflip]);
    if (now === this.#known) return;
    this.#known = now;
    this.#view = new SensorView(crop, turned, live);
    for (const listener of this.#listeners) listener();
  }

  #show() {
    const { status } = this.#context;
    const { age_s } = this.#picture;
    const loading = this.#loading.show(this.#feed.progress);
    const { state, word, sentence } = pictureState({
      ...factsOf(this.#feed), age_s, statusAge_s: status.age_s, status: status.latest, loading,
    });
    this.element.dataset.state = state;
    write(this.#message, state === "live" || state === "fresh" ? "" : sentence);
    if (age_s !== null) this.#canvas.setAttribute("aria-label", `The camera's picture. ${word}.`);
  }
}
