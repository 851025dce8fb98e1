// @ts-check
/** Modal dialogs. */

import { el, icon, uniqueId } from "./dom.js";
import { submission } from "./form.js";
import { CROSS, raiseToasts } from "./toasts.js";

/** Open, the topmost last. @type {HTMLDialogElement[]} */
const stack = [];
let leaving = false;

// Back closes the topmost dialog: each has an entry in the history, which says how many are open there.
addEventListener("popstate", () => {
  leaving = false;
  for (const each of stack.splice(entryDepth()).reverse()) each.close();
  leaveEntry();
});

/** @returns {number} */
function entryDepth() {
  return history.state?.dialog ?? 0;
}

/** Go back from the entry of a dialog that is no longer open. */
function leaveEntry() {
  if (leaving || entryDepth() <= stack.length) return;
  leaving = true; // one step at a time: the next one when `popstate` says where we are
  history.back();
}

/**
 * Open a modal dialog, with the messages in it while it is the topmost one.
 * @param {HTMLDialogElement} made
 */
export function openModal(made) {
  made.showModal();
  stack.push(made);
  history.pushState({ dialog: stack.length }, "");
  raiseToasts();
  made.addEventListener("close", () => {
    if (stack.includes(made)) stack.splice(stack.indexOf(made), 1);
    leaveEntry();
    raiseToasts();
  }, { once: true });
}

/**
 * Open a dialog, whose <h2> names it. It goes when it is closed; Escape does that too.
 * @param {...(Node | string)} content
 * @returns {HTMLDialogElement}
 */
export function dialog(...content) {
  const close = el("button", { type: "button", class: "plain close", "aria-label": "Close", onclick: () => made.close() }, icon(CROSS));
  const made = el("dialog", { class: "dialog" }, ...content, close);
  const heading = made.querySelector("h2");
  if (heading) {
    heading.id ||= uniqueId("dialog");
    made.setAttribute("aria-labelledby", heading.id);
  }
  document.body.append(made);
  openModal(made);
  made.addEventListener("close", () => made.remove()); // the messages have left it by then
  return made;
}

/**
 * Ask whether something that cannot be taken back is meant, and do it.
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.text
 * @param {string} question.yes  the button that does it
 * @param {() => Promise<unknown>} question.action  while it runs the dialog stays open; what it throws is shown there
 * @returns {Promise<boolean>} whether it was done
 */
export function confirm({ title, text, yes, action }) {
  return new Promise((resolve) => {
    let done = false;
    const question = /** @type {HTMLFormElement} */ (el("form", { class: "form" }));
    const { problem, button } = submission(question, yes, new Map(), async () => {
      await action();
      done = true;
      opened.close();
    });
    question.append(problem, el("div", { class: "actions" }, button, el("button", { type: "button", onclick: () => opened.close(), text: "Cancel" })));
    const opened = dialog(el("h2", { text: title }), el("p", { text }), question);
    opened.addEventListener("close", () => resolve(done));
  });
}
