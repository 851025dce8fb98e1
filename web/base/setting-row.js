// @ts-check
/**
 * One setting as a row: its label, a field of its kind, what it means, and what the server has against a value.
 * It is sent as it changes, springs back when it is refused, and follows what others change.
 */

import { el, uniqueId } from "./dom.js";
import { sentence } from "./text.js";
import { complaint, select } from "./fields.js";
import { patchOf } from "../server/settings-store.js";

/** @typedef {import("../server/settings-store.js").SettingsStore} Store */
/** @typedef {import("../server/settings-store.js").Field} Field */

/** What a value is called where its own name says too little. @type {Record<string, string>} */
const WORDS = {
  "signed-in": "People who signed in", anyone: "Anyone on this network",
  jpg: "JPEG", png: "PNG", bmp: "BMP", dng: "DNG", mp4: "MP4", h264: "H.264", mjpeg: "MJPEG",
  auto: "The camera's choice", off: "Off", cdn_off: "None of colour", cdn_fast: "Fast", cdn_hq: "Best",
  pulse: "PulseAudio", alsa: "ALSA",
};

/**
 * @param {Store} store
 * @param {string} name  dotted
 * @param {string} label
 * @param {[any, string][]} [choices]  value and text: instead of the field's own
 */
export function settingRow(store, name, label, choices) {
  const field = /** @type {Field} */ (store.document?.fields[name]);
  const id = uniqueId("setting");
  const input = make(field, id, choices ?? (field.choices ?? []).map((value) => [value, WORDS[value] ?? `${value}${field.unit}`]));
  const problem = el("span", { class: "problem", id: `${id}-error`, role: "alert" });
  const unit = field.unit && field.type !== "choice" ? el("span", { class: "unit", text: field.unit }) : null;
  const back = el("button", { type: "button", class: "plain reset", "aria-label": `Reset ${label}`, title: "Back to the default", onclick: () => save(null) }, "↺");
  const element = el("div", { class: "setting", "data-setting": name },
    el("label", { for: id, text: label }),
    el("div", { class: "setting-value" }, input, unit, back),
    el("span", { class: "hint", id: `${id}-hint`, text: sentence(field.text) }), problem);

  const complain = complaint(problem, label, input);

  /** @param {any} value */
  async function save(value) {
    complain("");
    element.dataset.state = "saving";
    try {
      await store.patch(patchOf(name, value));
      element.dataset.state = "saved";
    } catch (error) {
      element.dataset.state = "refused";
      complain(error);
      show();
    }
  }

  /** What is in force; never over what somebody is typing. */
  function show() {
    const value = store.get(name);
    back.hidden = JSON.stringify(value) === JSON.stringify(field.default);
    if (document.activeElement === input && element.dataset.state !== "refused" && input.type !== "checkbox") return;
    write(input, field, value);
  }

  input.addEventListener("change", () => save(read(input, field, choices)));
  input.addEventListener("blur", show);
  show();
  return { element, show };
}

/** @param {Field} field @param {string} id @param {[any, string][]} choices */
function make(field, id, choices) {
  const common = { id, "aria-describedby": `${id}-hint ${id}-error` };
  if (field.type === "bool") return el("input", { ...common, type: "checkbox", role: "switch" });
  if (choices.length) return select(choices, common);
  if (field.type === "int" || field.type === "float") {
    return el("input", { ...common, type: "number", min: field.low, max: field.high, step: field.type === "int" ? 1 : "any", inputmode: "decimal" });
  }
  const placeholder = field.type === "list" ? "one or more, with commas between" : null;
  return el("input", { ...common, type: "text", placeholder, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
}

/** @param {any} input @param {Field} field @param {[any, string][] | undefined} choices */
function read(input, field, choices) {
  if (field.type === "bool") return input.checked;
  if (field.type === "list") return input.value.split(/[\s,]+/).filter(Boolean);
  const all = choices?.map(([value]) => value) ?? field.choices ?? [];
  if (all.length) return all.find((value) => String(value) === input.value);
  if (field.type === "text") return input.value.trim();
  return input.value === "" ? null : Number(input.value); // empty: back to the default
}

/** @param {any} input @param {Field} field @param {any} value */
function write(input, field, value) {
  if (field.type === "bool") input.checked = value;
  else input.value = field.type === "list" ? value.join(", ") : String(value);
}
