// @ts-check
/** The days of a schedule as seven boxes; none of them means every day. */

import { el } from "../../base/dom.js";
import { DAYS } from "./schedule-words.js";

/** @type {import("../../base/setting-row.js").MakeInput} */
export const weekdays = (_field, attributes, changed) => {
  const boxes = DAYS.map(([day, name]) => el("input", {
    type: "checkbox", value: day, "aria-label": name,
    onchange: () => changed(boxes.filter((box) => box.checked).map((box) => box.value)),
  }));
  const element = el("div", { ...attributes, class: "segments weekdays", role: "group", "aria-label": "Days" },
    boxes.map((box, index) => el("label", {}, box, el("span", { "aria-hidden": "true", text: DAYS[index][1].slice(0, 2) }))));
  /** @param {string[]} days */
  const show = (days) => boxes.forEach((box) => (box.checked = days.includes(box.value)));
  return { element, focus: element, show, typing: () => false };
};
