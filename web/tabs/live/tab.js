// @ts-check
/**
 * The Live tab for who may control: buttons and newest items below the picture first, then the controls, which are most
 * of its modules. The picture itself is there without this module.
 */

import { errorText } from "../../base/text.js";
import { Taking } from "./take.js";
import { loadPart, preloadRest } from "../../page/update.js";

const STYLES = ["tabs/live/controls/controls.css", "picture/overlay.css"];
const ITEMS_MS = 500; // at most until the controls are loaded: a disk with the library may have to wake up

class Live {
  #panel;
  #context;
  #taking;
  #isShown = false;
  /** @type {import("./controls/panel.js").ControlsPanel | null} */
  #controls = null;
  #loading = false;

  /** @param {HTMLElement} panel @param {any} context */
  constructor(panel, context) {
    this.#panel = panel;
    this.#context = context;
    const [rest, taking] = [".live-rest", ".live-take"].map((part) => /** @type {HTMLElement} */ (panel.querySelector(part)));
    this.#taking = new Taking(taking, context);
    // Also where the page was sent before its owner signed in.
    panel.dataset.controls = "";
    rest.hidden = false;
  }

  shown() {
    this.#isShown = true;
    const items = this.#taking.shown();
    if (this.#controls) this.#controls.shown();
    else this.#load(items);
  }

  hidden() {
    this.#isShown = false;
    this.#taking.hidden();
    this.#controls?.hidden();
  }

  /** Load the controls. @param {Promise<void>} items  when the newest items are there */
  async #load(items) {
    if (this.#loading) return;
    const { api, settings, status } = this.#context;
    this.#loading = true;
    try {
      await Promise.race([items, new Promise((resolve) => setTimeout(resolve, ITEMS_MS))]);
      preloadRest();
      const abilities = status.latest?.capture.abilities;
      const table = abilities ? { abilities, answer: api.get("api/controls") } : null;
      table?.answer.catch(() => {}); // it is asked for again, and the error is shown then
      const [{ ControlsPanel }] = await Promise.all([loadPart(() => import("./controls/panel.js"), STYLES), settings.document ?? settings.load()]);
      this.#controls = new ControlsPanel(this.#panel, this.#context, table);
      if (this.#isShown) this.#controls.shown();
    } catch (error) {
      this.#context.say(`The controls cannot be shown. ${errorText(error)}`, { error: true });
    } finally {
      this.#loading = false;
    }
  }
}

/** @type {import("../../page/tabs.js").Mount} */
export const mount = (panel, context) => new Live(panel, context);
