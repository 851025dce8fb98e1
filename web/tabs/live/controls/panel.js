// @ts-check
/** The controls of the Live tab, and what is drawn over the picture and measured on it. */

import { Controls } from "./groups.js";
import { ControlState } from "./state.js";
import { el, fill, write } from "../../../base/dom.js";
import { Focus } from "../focus/autofocus.js";
import { FocusWindows } from "../focus/windows.js";
import { MetadataPanel } from "../metadata.js";
import { Overlay } from "../../../picture/overlay.js";
import { revealOpened } from "../../../base/reveal.js";
import { errorText, sentence } from "../../../base/text.js";
import { loadPart } from "../../../page/update.js";
import { toggle, ViewChoices } from "./toggles.js";
import { SensorCrop } from "../zoom/sensor-crop.js";

/** @typedef {import("./numbers.js").Control} Control */
/** @typedef {import("../../../picture/overlay.js").Tool} Tool */
/** @typedef {{abilities: any, answer: Promise<{controls: Control[]}>}} Table  for a camera with these abilities: those of a status */

const AGAIN_MS = 5_000; // until the controls are asked for again that did not come

export class ControlsPanel {
  #context;
  #state;
  #overlay = new Overlay();
  /** The place of the histogram. */
  #room = el("div", { class: "histogram-room", hidden: true });
  /** Loaded when the histogram or the zebra is first shown. @type {import("./measures.js").Measures | null} */
  #measures = null;
  #metadata;
  /** Below the groups: it comes with them, or they would push it away. */
  #measured;
  #notice = el("p", { class: "problem", role: "status" });
  #groups = el("div", {});
  /** Shown while there is no camera. */
  #lost = el("div", { class: "no-camera", hidden: true });
  /** What ends as the tab goes. @type {(() => void)[]} */
  #ends = [];
  /** Whom drawing on the picture is for, and the button that says so. @type {Map<HTMLElement, Tool>} */
  #tools = new Map();
  #camera = { key: "", size: /** @type {[number, number] | null} */ (null) };
  /** @type {Table | null} */
  #table;
  /** Ends the controls that there are. */
  #replaced = () => {};

  /**
   * @param {HTMLElement} panel  of the tab: holds the picture, and the place of the controls
   * @param {any} context
   * @param {Table | null} table  of the controls, if it has been asked for already
   */
  constructor(panel, context, table) {
    this.#context = context;
    this.#table = table;
    this.#state = new ControlState(context.settings);
    this.#metadata = new MetadataPanel(context.say);
    const choices = new ViewChoices(context.settings.get("page.histogram") ?? false, (name, shown) => this.#view(name, shown));
    this.#measured = el(
      "details",
      { class: "group", hidden: true },
      el("summary", {}, el("h2", { text: "This frame" })),
      el("div", { class: "rows", role: "group", "aria-label": "This frame" }, this.#metadata.element),
    );
    context.camera.box.append(this.#overlay.element);
    const controls = /** @type {HTMLElement} */ (panel.querySelector(".controls"));
    revealOpened(controls);
    fill(controls, this.#lost, choices.element, this.#room, this.#notice, this.#groups, this.#measured);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#draw(null);
    });
    this.#state.subscribe(() => write(this.#notice, sentence(this.#state.notice)));
  }

  shown() {
    this.#ends = [
      this.#context.status.subscribe((/** @type {any} */ status) => this.#take(status)),
      this.#context.camera.subscribe(() => this.#measure()),
    ];
    this.#state.changed();
  }

  hidden() {
    for (const end of this.#ends.splice(0)) end();
    this.#draw(null);
  }

  /** @param {any} status */
  #take({ capture }) {
    this.#camera.size = capture.camera?.size ?? this.#camera.size;
    this.#lost.hidden = capture.mode !== "no camera";
    if (!this.#lost.hidden) this.#offerToDetect();
    if (capture.metadata) this.#state.metadata = capture.metadata;
    this.#metadata.show(this.#state.metadata);
    this.#state.changed();
    if (!capture.abilities) return; // no daemon now: the controls stay until one says what its camera can do
    const key = JSON.stringify([capture.abilities, capture.camera?.index, capture.camera?.model, this.#context.settings.get("camera.tuning_file")]);
    if (key === this.#camera.key) return;
    this.#camera.key = key;
    this.#load(capture.abilities);
  }

  async #offerToDetect() {
    const { noCamera } = await loadPart(() => import("../no-camera.js"), []);
    if (!this.#lost.firstChild) this.#lost.append(noCamera(this.#context));
  }

  /** The controls of the camera that is in use. @param {any} abilities */
  async #load(abilities) {
    const known = this.#table?.abilities === abilities ? this.#table : null;
    this.#table = null;
    try {
      this.#build((await (known?.answer ?? this.#context.api.get("api/controls"))).controls);
    } catch (error) {
      this.#notice.textContent = errorText(error);
      setTimeout(() => {
        this.#camera.key = "";
        if (this.#ends.length) this.#take(this.#context.status.latest);
      }, AGAIN_MS);
    }
  }

  /** @param {Control[]} controls */
  #build(controls) {
    this.#draw(null);
    this.#replaced();
    this.#state.table = controls;
    const find = (/** @type {string} */ name) => controls.find((control) => control.name === name);
    /** @type {FocusWindows} */
    const windows = new FocusWindows(this.#state, find("AfWindows")?.high ?? 1, this.#drawButton("Draw", () => windows.tool));
    /** @type {SensorCrop} */
    const zoom = new SensorCrop(this.#state, () => this.#camera.size, this.#drawButton("Draw", () => zoom.tool));
    const focus = new Focus(this.#context.api, this.#state, find("AfTrigger")?.reason ?? null);
    const fields = { AfWindows: windows.field, ScalerCrop: zoom.field };
    const tools = [windows.tool.element, zoom.tool.element];
    const groups = new Controls(controls, this.#state, fields, { Focus: focus.element });
    this.#overlay.element.append(...tools);
    fill(this.#groups, groups.element);
    this.#measured.hidden = false;
    this.#replaced = () => {
      groups.end();
      for (const element of tools) element.remove();
      this.#tools.clear();
    };
  }

  /** @param {string} text @param {() => Tool} tool */
  #drawButton(text, tool) {
    const button = toggle(text, (pressed) => {
      this.#tools.set(button, tool());
      this.#draw(pressed ? button : null);
    });
    button.title = "Draw it on the picture";
    return button;
  }

  /** Let drawing be for the tool of this button. @param {HTMLElement | null} button */
  #draw(button) {
    for (const each of this.#tools.keys()) each.setAttribute("aria-pressed", String(each === button));
    this.#overlay.tool = (button && this.#tools.get(button)) ?? null;
  }

  /** @param {string} name @param {boolean} shown */
  #view(name, shown) {
    if (name === "grid") this.#overlay.grid = shown;
    else if (name === "zebra") this.#overlay.zebra.hidden = !shown;
    else this.#room.hidden = !shown;
    if (shown && name !== "grid" && !this.#measures) this.#loadMeasures();
    else this.#measure();
  }

  async #loadMeasures() {
    try {
      const { Measures } = await loadPart(() => import("./measures.js"), ["picture/histogram.css"]);
      this.#measures ??= new Measures(this.#room, this.#overlay.zebra); // there is one already if both were chosen at once
      this.#measure();
    } catch (error) {
      this.#context.say(errorText(error), { error: true });
    }
  }

  #measure() {
    this.#measures?.update(this.#context.camera.canvas);
  }
}
