// @ts-check
/** The bug report: a button that copies it, and its text, to be read before it is posted. */

import { copied } from "../../base/copy.js";
import { el, fill } from "../../base/dom.js";
import { reveal } from "../../base/reveal.js";
import { errorText } from "../../base/text.js";

const LIMIT_MS = 60_000; // of a slow board, whose doctor takes a while

const HIDDEN = "Names, addresses outside your network, keys and texts that you have typed are left out. Read it before you post it.";

/**
 * @param {any} context
 * @returns {{button: HTMLButtonElement, element: HTMLElement}}  `element` has the text, once there is one
 */
export function bugReport({ api, say }) {
  const text = el("textarea", { readonly: true, rows: 14, spellcheck: "false", "aria-label": "Bug report" });
  const state = el("p", { role: "status" });
  const again = el("button", { type: "button", onclick: copy }, "Copy");
  const close = el("button", { type: "button", onclick: hide }, "Close");
  const element = el("section", { class: "card info-report", "aria-label": "Bug report", hidden: true },
    el("h3", {}, "Bug report"), state, text, el("p", { class: "hint" }, HIDDEN), el("div", { class: "actions" }, again, close));
  const button = el("button", { type: "button", onclick: make }, "Copy for a bug report");

  async function make() {
    button.disabled = true;
    fill(button, "Collecting…");
    try {
      text.value = await api.ask("api/report", { limit_ms: LIMIT_MS }, (/** @type {Response} */ response) => response.text());
      element.hidden = false;
      copy();
      reveal(element);
    } catch (error) {
      say(errorText(error), { error: true });
    } finally {
      button.disabled = false;
      fill(button, "Copy for a bug report");
    }
  }

  function copy() {
    text.focus({ preventScroll: true });
    state.textContent = copied(text) ? "Copied: paste it into the issue." : "Selected: press Ctrl+C to copy it, or hold a finger on it.";
  }

  function hide() {
    element.hidden = true;
    button.focus();
  }

  return { button, element };
}
