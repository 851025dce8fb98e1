// @ts-check
/** The uses of the camera whose pictures have a stamp, as boxes. */

import { el } from "../../base/dom.js";

const USES = [["live", "Live, snapshots"], ["photo", "Photos"], ["series", "Timelapse"], ["video", "Videos"], ["motion", "Motion"]];

/** @type {import("../../base/setting-row.js").MakeInput} */
export const stampUses = (_field, attributes, changed) => {
  const boxes = USES.map(([use]) => el("input", {
    type: "checkbox", value: use, onchange: () => changed(boxes.filter((box) => box.checked).map((box) => box.value)),
  }));
  const element = el("div", { ...attributes, class: "segments stamp-uses", role: "group", "aria-label": "Pictures with a stamp" },
    boxes.map((box, index) => el("label", {}, box, el("span", { text: USES[index][1] }))));
  /** @param {string[]} uses */
  const show = (uses) => boxes.forEach((box) => (box.checked = uses.includes(box.value)));
  return { element, focus: element, show, typing: () => false };
};
