// @ts-check
/** The controls of one configuration: take over those that are set in the Live tab, or remove some. */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";

/**
 * @param {import("../../server/settings-store.js").SettingsStore} settings
 * @param {string} name  of the use case
 */
export function configControls(settings, name) {
  const list = el("ul", { class: "config-controls" });
  const problem = el("p", { class: "problem", role: "alert" });
  const add = el("button", { type: "button", text: "Add the active ones", onclick: () => save(settings.get("controls")) });
  const remove = el("button", { type: "button", text: "Remove the chosen", onclick: () => save(Object.fromEntries(chosen().map((key) => [key, null]))) });
  const element = el("fieldset", { class: "config-included" }, el("legend", { text: "Controls included" }), list,
    el("div", { class: "actions" }, add, remove), problem);
  let shown = "";

  /** @returns {string[]} */
  const chosen = () => [...list.querySelectorAll("input:checked")].map((input) => input.value);

  /** @param {Record<string, any>} controls  a merge patch */
  async function save(controls) {
    problem.textContent = "";
    try {
      await settings.patch({ [name]: { controls } });
    } catch (error) {
      problem.textContent = errorText(error);
    }
  }

  function show() {
    const included = settings.get(`${name}.controls`);
    add.disabled = !Object.keys(settings.get("controls")).length;
    remove.disabled = !Object.keys(included).length;
    if (JSON.stringify(included) === shown) return;
    shown = JSON.stringify(included);
    fill(list, Object.entries(included).map(([key, value]) =>
      el("li", {}, el("label", { class: "check" }, el("input", { type: "checkbox", value: key }), ` ${key}: ${JSON.stringify(value)}`))));
    if (!list.childElementCount) fill(list, el("li", { class: "hint", text: "None." }));
  }

  return { element, show };
}
