// @ts-check
/** One autofocus scan, its result, and a button that keeps the lens there. */

import { distance } from "../controls/numbers.js";
import { el, fill } from "../../../base/dom.js";
import { errorText, sentence } from "../../../base/text.js";

/** What a person may do to make a scan succeed. */
const ADVICE = "Autofocus found nothing sharp: try another window or range.";

export class Focus {
  element;
  #api;
  #state;
  #button = el("button", { type: "button", class: "primary", onclick: () => this.#scan() }, "Focus now");
  #result = el("p", { class: "result", role: "status" });
  #keep = el("button", { type: "button", hidden: true, onclick: () => this.#hold() }, "Keep this focus");
  /** Where the last scan left the lens, dioptres. */
  #found = 0;

  /**
   * @param {typeof import("../../../server/api.js")} api
   * @param {import("../controls/state.js").ControlState} state
   * @param {string | null} reason  why the camera cannot focus; null: it can
   */
  constructor(api, state, reason) {
    this.#api = api;
    this.#state = state;
    this.#button.disabled = reason !== null;
    this.element = el("div", { class: "focus-now" }, el("div", { class: "row" }, this.#button, this.#keep), this.#result);
    if (reason) this.#showResult("failed", reason);
  }

  async #scan() {
    this.#button.disabled = true;
    this.#keep.hidden = true;
    this.#showResult("scanning", "Focusing");
    try {
      this.#tellFound(await this.#api.send("POST", "api/focus"));
    } catch (error) {
      this.#showResult("failed", errorText(error));
    } finally {
      this.#button.disabled = false;
    }
  }

  /** @param {{state: "focused" | "failed", lens_position: number | null}} found */
  #tellFound({ state, lens_position }) {
    const at = lens_position === null ? "" : `at ${distance(lens_position)} (${lens_position.toFixed(2)} dioptres)`;
    if (state === "focused") this.#showResult(state, `In focus ${at}`);
    else this.#showResult(state, at ? `${ADVICE} The lens is ${at}` : ADVICE);
    this.#found = lens_position ?? 0;
    this.#keep.hidden = lens_position === null || state !== "focused";
  }

  async #hold() {
    this.#keep.hidden = true;
    const lens_position = Number(this.#found.toFixed(2));
    if (await this.#state.put({ AfMode: "Manual", LensPosition: lens_position }, "LensPosition")) {
      this.#showResult("kept", `The lens stays at ${distance(lens_position)}`);
    }
  }

  /** @param {string} state @param {string} text */
  #showResult(state, text) {
    this.#result.dataset.state = state;
    fill(this.#result, sentence(text));
  }
}
