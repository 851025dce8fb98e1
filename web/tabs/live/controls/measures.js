// @ts-check
/** The histogram beside the picture and the zebra over it. Loaded when one of them is first shown. */

import { fill } from "../../../base/dom.js";
import { HistogramPanel, Stripes } from "../../../picture/histogram.js";

export class Measures {
  #histogram = new HistogramPanel();
  #stripes;
  #room;

  /**
   * @param {HTMLElement} room  the place of the histogram; hidden: it is not drawn
   * @param {HTMLCanvasElement} zebra  the canvas of the stripes; hidden: they are not drawn
   */
  constructor(room, zebra) {
    this.#room = room;
    this.#stripes = new Stripes(zebra);
    this.#histogram.element.hidden = false;
    fill(room, this.#histogram.element);
  }

  /** Measure the picture, when nothing more urgent is to be done. @param {HTMLCanvasElement} canvas  of the picture */
  update(canvas) {
    const later = window.requestIdleCallback ?? setTimeout; // Safari has none
    later(() => {
      if (canvas.hidden) return;
      if (!this.#room.hidden) this.#histogram.update(canvas);
      this.#stripes.update(canvas);
    });
  }
}
