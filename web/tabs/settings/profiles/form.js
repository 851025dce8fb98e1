// @ts-check
/** The form of a profile: its name, its condition, and the settings that it changes. */

import { confirm } from "../../../base/dialogs.js";
import { el } from "../../../base/dom.js";
import { field } from "../../../base/fields.js";
import { submission } from "../../../base/form.js";
import { changesPart } from "./changes.js";
import { conditionPart } from "./condition.js";
import { Refused } from "../../../server/api.js";

/** @typedef {import("./card.js").Profile} Profile */

/**
 * @param {any} context
 * @param {(name: string) => boolean} mayChange  whether a profile may change the setting of this dotted name
 * @param {Profile | undefined} profile  undefined: a new one
 * @param {string} path  of the profile in the names of fields that the server refuses
 * @param {{save: (profile: Profile, reset: string[]) => Promise<void>, cancel: () => void}} on
 */
export function profileForm(context, mayChange, profile, path, on) {
  const name = el("input", { type: "text", maxlength: 40, required: true, value: profile?.name ?? "", placeholder: "Night", autocomplete: "off", spellcheck: "false" });
  const named = field("Name", [name]);
  const when = conditionPart(context, profile?.when ?? { type: "times", from: "sunset", to: "sunrise", weekdays: [] });
  const changes = changesPart(context, mayChange, profile?.changes ?? {});
  const form = /** @type {HTMLFormElement} */ (el("form", { class: "form profile-form", novalidate: true, "aria-label": profile ? `Edit ${profile.name}` : "New profile" }));
  const { problem, button } = submission(form, "Save", new Map(), save);
  const cancel = el("button", { type: "button", text: "Cancel", onclick: leave });
  form.append(named.element, when.element, changes.element, problem, el("div", { class: "actions" }, button, cancel));
  const read = () => ({ name: name.value.trim(), when: when.read(), changes: changes.read() });
  const first = JSON.stringify(read());
  const changed = () => form.isConnected && JSON.stringify(read()) !== first;

  async function save() {
    for (const complain of [named.complain, when.complain, changes.complain]) complain("");
    try {
      removeEventListener("beforeunload", warn);
      await on.save(read(), changes.reset());
    } catch (error) {
      addEventListener("beforeunload", warn);
      const at = error instanceof Refused ? (error.field ?? "") : "";
      if (at === `${path}.name`) named.complain(error);
      else if (at.startsWith(`${path}.when`)) when.complain(error, at.slice(path.length + 6));
      else if (!changes.complain(error, at.slice(path.length + 9))) throw error;
    }
  }

  /** Leave the form; what was changed in it is given up only on request. */
  async function leave() {
    const done = !changed() || (await confirm({ title: "Discard the changes?", text: "The changes of this profile have not been saved.", yes: "Discard", action: async () => {} }));
    if (!done) return;
    removeEventListener("beforeunload", warn);
    on.cancel();
  }

  /** @param {BeforeUnloadEvent} event */
  function warn(event) {
    if (changed()) event.preventDefault();
  }

  addEventListener("beforeunload", warn);
  return { element: form, focus: () => name.focus() };
}
