// @ts-check
/** The search of a tab of settings: shows the settings that have all its words, or only those that were changed. */

import { el, uniqueId } from "./dom.js";

/**
 * @param {HTMLElement} place  with the cards
 * @returns {{element: HTMLElement, apply: () => void}}  `apply`: there are other cards or rows now
 */
export function settingSearch(place) {
  const id = uniqueId("changed");
  const input = el("input", { type: "search", placeholder: "Search settings", "aria-label": "Search settings", autocomplete: "off", spellcheck: "false", oninput: apply });
  const only = el("input", { id, type: "checkbox", onchange: apply });
  const found = el("p", { class: "hint", role: "status" });
  const all = el("button", { type: "button", text: "Show all settings", hidden: true, onclick: clear });
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && clear());

  function clear() {
    input.value = "";
    only.checked = false;
    apply();
    input.focus();
  }

  function apply() {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filters = only.checked || wanted.length > 0;
    const cards = [...place.querySelectorAll(".settings-card")];
    const counts = cards.map((card) => filter(card, wanted, filters));
    const count = counts.reduce((sum, one) => sum + one, 0);
    all.hidden = !filters;
    found.textContent = filters ? message(count, wanted.length > 0) : "";
  }

  /** Show what is wanted of a card; how much that is. @param {Element} card @param {string[]} wanted @param {boolean} filters */
  function filter(card, wanted, filters) {
    const title = card.getAttribute("aria-label") ?? "";
    const has = (/** @type {string} */ text) => wanted.every((word) => text.toLowerCase().includes(word));
    const rows = /** @type {HTMLElement[]} */ ([...card.querySelectorAll(".setting, fieldset")]);
    for (const row of rows) {
      const right = has(`${title} ${row.textContent} ${row.dataset.setting}`) && (!only.checked || row.hasAttribute("data-changed"));
      row.hidden = filters && !right;
    }
    const count = rows.length ? rows.filter((row) => !row.hidden).length : Number(!only.checked && has(`${title} ${card.textContent}`));
    card.toggleAttribute("hidden", filters && !count);
    card.toggleAttribute("data-filtered", filters && rows.length > 0);
    return count;
  }

  /** @param {number} count @param {boolean} searched */
  function message(count, searched) {
    if (!count) return searched ? "No setting has all these words." : "Every setting has its default.";
    return count === 1 ? "1 setting" : `${count} settings`;
  }

  const element = el("div", { class: "settings-search", role: "search" }, input,
    el("label", { for: id }, only, el("span", { text: "Changed only" })), all, found);
  return { element, apply };
}
