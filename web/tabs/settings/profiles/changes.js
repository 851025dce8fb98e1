// @ts-check
/** The changes in the form of a profile: a row for each setting, chosen from the table of settings and controls. */

import { el, fill, uniqueId, write } from "../../../base/dom.js";
import { errorText } from "../../../base/text.js";
import { patchOf, merged } from "../../../server/settings-store.js";
import { inputOf, labelOfSetting, settingsOf, valueWords } from "./inputs.js";

/** @typedef {{name: string, value: any, element: HTMLElement, complain: (error: unknown) => void}} Row */

/** @param {any} context @param {(name: string) => boolean} mayChange @param {Record<string, any>} changes  as the API has them */
export function changesPart({ api, settings }, mayChange, changes) {
  /** @type {Row[]} */
  const rows = [];
  const list = el("ul", { class: "profile-changes" });
  const more = el("select", { "aria-label": "Add a setting", onchange: choose });
  const take = el("button", { type: "button", text: "Copy current settings…", onclick: offer });
  const offered = el("fieldset", { class: "profile-offer", hidden: true });
  const reset = el("input", { type: "checkbox", id: uniqueId("reset"), checked: true });
  const problem = el("span", { class: "problem", role: "alert" });
  const element = el("fieldset", { class: "profile-part" }, el("legend", { text: "Changes" }), list, el("div", { class: "profile-add" }, more, take), offered, problem);
  /** Of controls. @type {any[]} */
  let controls = [];
  /** Names that were taken over from the plain settings. @type {Set<string>} */
  const taken = new Set();

  const known = () => settingsOf(settings.document.fields, controls, mayChange);
  for (const [name, value] of leaves(changes)) put(name, value);
  show();
  api.get("api/controls").then((/** @type {any} */ answer) => {
    controls = answer.controls;
    for (const row of rows) row.element.replaceWith((row.element = made(row)));
    show();
  }).catch((/** @type {unknown} */ error) => write(problem, errorText(error)));

  /** @param {string} name @param {any} value */
  function put(name, value) {
    if (rows.some((row) => row.name === name)) return;
    const row = /** @type {Row} */ ({ name, value, complain: () => {}, element: el("li") });
    row.element = made(row);
    rows.push(row);
    list.append(row.element);
  }

  /** @param {Row} row */
  function made(row) {
    const id = uniqueId("change");
    const label = labelOfSetting(row.name);
    const wrong = el("span", { class: "problem", id: `${id}-error`, role: "alert" });
    const input = inputOf(row.name, settings.document.fields, controls, { id, "aria-describedby": `${id}-error` }, row.value, (value) => (row.value = value));
    row.complain = (error) => {
      write(wrong, errorText(error, label));
      if (error) input.focus();
    };
    return el("li", {}, el("label", { for: id, text: label, title: row.name }), input,
      el("button", { type: "button", text: "Remove", "aria-label": `Remove ${label}`, onclick: () => remove(row) }), wrong);
  }

  /** @param {Row} row */
  function remove(row) {
    rows.splice(rows.indexOf(row), 1);
    taken.delete(row.name);
    row.element.remove();
    show();
    more.focus();
  }

  function show() {
    const free = known().filter(({ name }) => !rows.some((row) => row.name === name));
    const groups = [...new Set(free.map(({ group }) => group))];
    fill(more, el("option", { value: "", text: "Add a setting…" }), groups.map((group) => el("optgroup", { label: group },
      free.filter((one) => one.group === group).map(({ name, label }) => el("option", { value: name, text: label })))));
  }

  function choose() {
    const name = more.value;
    if (!name) return;
    put(name, settings.get(name) ?? first(name));
    show();
    /** @type {HTMLElement | null} */ (rows[rows.length - 1].element.querySelector("input, select, textarea"))?.focus();
  }

  /** A value to begin with. @param {string} name */
  function first(name) {
    const control = controls.find((one) => one.name === name.split(".").pop());
    if (!control) return null;
    return control.default ?? (control.type === "choice" ? control.choices[0].value : control.type === "bool" ? true : control.low ?? 0);
  }

  /** Settings that are not at their defaults, to be chosen from. */
  function offer() {
    const { settings: now, defaults, profile } = settings.document;
    const set = leaves(now).filter(([name, value]) => mayChange(name)
      && JSON.stringify(value) !== JSON.stringify(at(defaults, name)) && !rows.some((row) => row.name === name));
    const boxes = set.map(([name]) => el("input", { type: "checkbox", value: name, id: uniqueId("take") }));
    const add = el("button", { type: "button", text: "Add these", onclick: () => {
      for (const [index, [name, value]] of set.entries()) {
        if (!boxes[index].checked) continue;
        put(name, value);
        if (!profile?.settings.includes(name)) taken.add(name);
      }
      offered.hidden = true;
      show();
      take.focus();
    } });
    const close = el("button", { type: "button", text: "Close", onclick: () => (offered.hidden = true, take.focus()) });
    fill(offered, el("legend", { text: "Settings that are not at their defaults" }),
      set.length ? [...boxes.map((box, index) => check(box, `${labelOfSetting(set[index][0])}: ${valueWords(set[index][0], settings.document.fields, controls, set[index][1])}`)),
        check(reset, "Reset them to their defaults in the plain settings")] : el("p", { text: "All settings are at their defaults. Set things up on the Live tab first, then come back." }),
      el("div", { class: "actions" }, set.length ? add : null, close));
    offered.hidden = false;
    (boxes[0] ?? close).focus();
  }

  return {
    element,
    read: () => rows.reduce((all, { name, value }) => merged(all, patchOf(name, value)), /** @type {any} */ ({})),
    /** Plain settings that go back to their defaults when the profile is saved. */
    reset: () => (reset.checked ? [...taken] : []),
    /** @param {unknown} error  "" for none @param {string} [name]  dotted @returns {boolean} whether a row shows it */
    complain: (error, name = "") => {
      for (const row of rows) row.complain("");
      const row = rows.find((one) => name === one.name || (name && one.name.startsWith(`${name}.`)));
      row?.complain(error);
      return Boolean(row);
    },
  };
}

/** @param {HTMLElement} box @param {string} text */
const check = (box, text) => el("div", { class: "profile-check" }, box, el("label", { for: box.id, text }));

/** A value by its dotted name. @param {any} document @param {string} name */
const at = (document, name) => name.split(".").reduce((inner, key) => inner?.[key], document);

/** The settings in a document or patch, with their dotted names; each control is one. @param {Record<string, any>} document @returns {[string, any][]} */
function leaves(document) {
  return Object.entries(document).flatMap(([section, content]) => Object.entries(content).flatMap(([name, value]) =>
    name === "controls" && value ? Object.entries(value).map(([control, set]) => /** @type {[string, any]} */ ([`${section}.controls.${control}`, set]))
      : [/** @type {[string, any]} */ ([`${section}.${name}`, value])]));
}
