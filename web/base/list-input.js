// @ts-check
/** A setting that is a list of texts: a row for each, with a button that removes it, and an input that adds one. */

import { el, fill } from "./dom.js";

/**
 * @param {Record<string, any>} attributes  of the input
 * @param {string} label  of the setting
 * @param {(value: string[]) => Promise<boolean>} changed  saves the list; whether it is saved
 * @param {(text: string) => any[]} [more]  what follows the text of a row
 * @returns {import("./setting-input.js").SettingInput}
 */
export function listInput(attributes, label, changed, more = () => []) {
  const list = el("ul", { class: "setting-list", "aria-label": label });
  const input = el("input", { ...attributes, type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", onchange: add });
  const said = el("span", { class: "said", role: "status" });
  const none = el("p", { class: "hint", text: "The list is empty. Type an entry, and press Add." });
  const element = el("div", { class: "list-input" }, none, list,
    el("div", { class: "list-add" }, input, el("button", { type: "button", onclick: add, text: "Add", "aria-label": `Add to ${label}` })), said);
  /** @type {string[]} */
  let items = [];

  /** Leaving the input adds too, as every setting is saved when it is changed. */
  async function add() {
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    if (items.includes(text)) say(`${text} is in the list already.`);
    else if (await change([...items, text])) say(`${text} was added.`);
    else input.value ||= text; // to be corrected
  }

  /** @param {string} text */
  async function remove(text) {
    const at = items.indexOf(text);
    const saving = change(items.filter((item) => item !== text));
    /** @type {HTMLElement} */ (list.children[Math.min(at, items.length - 1)]?.querySelector("button:last-child") ?? input).focus();
    if (await saving) say(`${text} was removed.`);
  }

  /** @param {string[]} value */
  function change(value) {
    draw(value);
    return changed(value);
  }

  /** @param {string[]} value */
  function draw(value) {
    if (items.join("\n") === value.join("\n")) return;
    items = value;
    none.hidden = items.length > 0;
    fill(list, items.map((text) => el("li", {}, el("span", { text }), ...more(text),
      el("button", { type: "button", text: "Remove", "aria-label": `Remove ${text}`, onclick: () => remove(text) }))));
  }

  /** @param {string} text */
  const say = (text) => (said.textContent = text);

  return { element, focus: input, show: draw, typing: () => false };
}
