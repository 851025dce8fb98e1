// @ts-check
/** The controls of one configuration: take over those that are set in the Live tab, or remove some. */

import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";

/**
 * @param {import("../../server/settings-store.js").SettingsStore} settings
 * @param {string} name  of the use case
 */
export function configControls(settings, name) {
  const list = el("ul", { class: "setting-list", "aria-label": "Controls" });
  const problem = el("p", { class: "problem", role: "alert" });
  const add = el("button", { type: "button", text: "Add the controls of the Live tab", onclick: () => save(settings.get("controls")) });
  const element = el("fieldset", { class: "config-included" }, el("legend", { text: "Controls" }), list, add, problem);
  let shown = "";

  /** @param {Record<string, any>} controls  a merge patch */
  async function save(controls) {
    problem.textContent = "";
    try {
      await settings.patch({ [name]: { controls } });
    } catch (error) {
      problem.textContent = errorText(error);
    }
  }

  /** @param {[string, any]} control */
  function row([key, value]) {
    return el("li", {}, el("span", { text: `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}` }),
      el("button", { type: "button", text: "Remove", "aria-label": `Remove ${key}`, onclick: () => save({ [key]: null }) }));
  }

  function show() {
    const included = settings.get(`${name}.controls`);
    add.disabled = !Object.keys(settings.get("controls")).length;
    if (JSON.stringify(included) === shown) return;
    shown = JSON.stringify(included);
    const focused = list.contains(document.activeElement);
    fill(list, Object.entries(included).map(row));
    if (!list.childElementCount) fill(list, el("li", { class: "hint", text: "None: only the controls that are set in the Live tab apply." }));
    if (focused) (list.querySelector("button") ?? add).focus();
  }

  return { element, show };
}
