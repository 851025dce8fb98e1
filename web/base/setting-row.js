// @ts-check
/**
 * One setting as a row: its label, a field of its kind, help and limits, and what the server has against a value.
 * It is saved as it changes, springs back when it is refused, and follows what others change. One that is not at its
 * default is marked, and has a button that resets it.
 */

import { el, uniqueId, write } from "./dom.js";
import { complaint } from "./fields.js";
import { listInput } from "./list-input.js";
import { settingInput } from "./setting-input.js";
import { choicesOf, limits, textOf, words } from "./setting-texts.js";
import { patchOf } from "../server/settings-store.js";

/** @typedef {import("../server/settings-store.js").SettingsStore} Store */
/** @typedef {import("../server/settings-store.js").Field} Field */
/** @typedef {(field: Field, attributes: Record<string, any>, changed: (value: any) => void) => import("./setting-input.js").SettingInput} MakeInput */

/**
 * @param {Store} store
 * @param {string} name  dotted
 * @param {object} [more]
 * @param {[any, string][]} [more.choices]  value and text: instead of the field's own
 * @param {() => string} [more.automatic]  what an automatic value is now; "": not known
 * @param {() => string} [more.note]  a sentence after the help; "": none
 * @param {(text: string) => any[]} [more.inRow]  of a list: what follows the text of a row
 * @param {MakeInput} [more.input]  instead of the one of its kind
 */
export function settingRow(store, name, { choices, automatic = () => "", note = () => "", inRow, input: own } = {}) {
  const field = /** @type {Field} */ (store.document?.fields[name]);
  const { label, help = "", empty = "", choices: named } = textOf(name);
  const offered = choices ?? choicesOf(field, named);
  const id = uniqueId("setting");
  const attributes = { id, "aria-describedby": `${id}-hint ${id}-error` };
  const isList = field.type === "list" && !own;
  const input = own?.(field, attributes, save) ?? (isList ? listInput(attributes, label, save, inRow) : settingInput(field, attributes, offered, enter));
  const inWords = words(field.default, offered, field.unit, empty);
  const hint = el("span", { class: "hint", id: `${id}-hint` });
  const problem = el("span", { class: "problem", id: `${id}-error`, role: "alert" });
  const unit = field.unit && !offered.length ? el("span", { class: "unit", text: field.unit }) : null;
  const back = el("button", { type: "button", class: "plain reset", "aria-label": `Reset ${label}`, title: `Reset to ${inWords}`, onclick: reset, text: "↺" });
  const element = el("div", { class: isList ? "setting of-list" : "setting", "data-setting": name, tabindex: -1 },
    el("label", { for: id, text: label }), back, el("div", { class: "setting-value" }, input.element, unit), hint, problem);
  const complain = complaint(problem, label, input.focus);
  let saving = 0; // changes that are under way

  /** @param {any} value  null: the input was emptied */
  function enter(value) {
    save(value === null && empty ? 0 : value);
  }

  async function reset() {
    element.focus({ preventScroll: true }); // the button goes
    await save(null);
  }

  /** @param {any} value  null: the default @returns {Promise<boolean>} whether it was saved */
  async function save(value) {
    complain("");
    element.dataset.state = "saving";
    saving += 1;
    const error = await store.patch(patchOf(name, value)).then(() => null, (refusal) => refusal);
    saving -= 1;
    if (error) complain(error);
    if (!saving) {
      element.dataset.state = error ? "refused" : "saved";
      show();
    }
    return !error;
  }

  /** What is in force; never over what somebody is typing, or what is being saved. */
  function show() {
    const value = store.get(name);
    const changed = JSON.stringify(value) !== JSON.stringify(field.default);
    element.toggleAttribute("data-changed", changed);
    write(hint, [store.setBy(name), help, note(), !offered.length && limits(field, Boolean(empty)), changed && `Default: ${inWords}.`].filter(Boolean).join(" "));
    if (saving || (input.typing() && element.dataset.state !== "refused")) return;
    const now = value ? "" : automatic();
    input.show(value, now ? `${empty} (${now})` : empty);
  }

  input.focus.addEventListener("blur", show);
  show();
  return { element, show };
}
