// @ts-check
/** The ZIP of a series: which pictures, how large it is, and its link. */

import { el, write } from "../../base/dom.js";
import { field, select } from "../../base/fields.js";
import { errorText, size } from "../../base/text.js";
import { clockHint, timeInput } from "./window.js";
import { counted } from "./words.js";

/** @typedef {import("./api.js").Summary} Summary */

const QUIET_MS = 300; // after the last key
const MINUTE_MS = 60_000;

/** @param {import("./api.js").SeriesApi} series */
export function zipDownload(series) {
  /** @type {Summary | null} */
  let summary = null;
  let asked = "";
  let timer = 0;
  const number = (/** @type {string} */ label) => el("input", { type: "number", min: 0, step: 1, inputmode: "numeric", "aria-label": label });
  const which = select([["all", "All"], ["numbers", "By number"], ["times", "By time"]]);
  const [first, last] = [number("First number"), number("Last number")];
  const [from, to] = [timeInput("From"), timeInput("To")];
  const range = field("Pictures", [which, first, last, from.input, to.input]);
  const outcome = el("p", { class: "hint", role: "status" });
  const link = el("a", { class: "button", download: "", text: "Download ZIP", hidden: true });
  const element = el("details", { class: "series-zip card" }, el("summary", {}, "Download as a ZIP"),
    el("div", { class: "series-zip-form" }, range.element, outcome, el("div", { class: "actions" }, link)));
  element.addEventListener("toggle", renew);
  element.addEventListener("input", renew);

  function renew() {
    first.hidden = last.hidden = which.value !== "numbers";
    from.input.hidden = to.input.hidden = which.value !== "times";
    range.hint.textContent = which.value === "times" && summary ? clockHint(summary.zone) : "";
    if (!element.open || !summary?.last) return;
    const question = JSON.stringify([summary.name, summary.created, limits(summary)]);
    if (question === asked) return;
    asked = question;
    link.hidden = true;
    write(outcome, "Calculating the size …");
    clearTimeout(timer);
    timer = window.setTimeout(() => ask(question), QUIET_MS);
  }

  /** @param {Summary} of */
  function limits({ zone, last: newest }) {
    if (which.value === "numbers") return { first: first.value, last: last.value };
    if (which.value === "times") return { from: from.read(zone), to: to.read(zone) };
    return { last: newest?.n };
  }

  /** @param {string} question */
  async function ask(question) {
    if (!summary) return;
    try {
      const zip = await series.zip(summary.name, limits(summary));
      if (question !== asked) return;
      link.href = zip.address;
      link.hidden = false;
      write(outcome, `${counted(zip.shots, "picture")} (number ${zip.first} to ${zip.last}), ${size(zip.bytes)}. An interrupted download can be resumed.`);
    } catch (error) {
      if (question === asked) write(outcome, errorText(error));
    }
  }

  return {
    element,
    /** @param {Summary} now */
    show(now) {
      if (now.name !== summary?.name && now.first && now.last) {
        [first.value, last.value] = [String(now.first.n), String(now.last.n)];
        from.write(now.first.time, now.zone);
        to.write(Date.parse(now.last.time) + MINUTE_MS, now.zone); // it has no seconds
      }
      summary = now;
      element.hidden = !now.last;
      renew();
    },
  };
}
