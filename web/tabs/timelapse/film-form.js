// @ts-check
/** The form for a film, contact sheet, keogram or star trails of a series. */

import { el, write } from "../../base/dom.js";
import { choice, field, select, tick } from "../../base/fields.js";
import { submission } from "../../base/form.js";
import { clockHint, timeInput } from "./window.js";
import { counted, lasting } from "./words.js";

/** @typedef {import("./api.js").Summary} Summary */

const WIDTHS = /** @type {[string, string][]} */ ([["", "As taken"], ["3840", "3840 wide (4K)"], ["1920", "1920 wide (Full HD)"], ["1280", "1280 wide"], ["640", "640 wide"]]);

const MINUTE_MS = 60_000;

const HINTS = {
  film: "An MP4 that plays everywhere.",
  sheet: "Small pictures from the whole series on one page.",
  keogram: "One column from each picture, side by side: a whole day in one image.",
  trails: "The brightest of all pictures at each point. Choose a part of the night: daylight covers the stars.",
};

/**
 * @param {object} on
 * @param {(options: Record<string, any>) => Promise<unknown>} on.make  throws what the server refuses
 */
export function filmForm({ make }) {
  /** @type {Summary | null} */
  let summary = null;
  const kind = choice("Kind", [["film", "Film"], ["sheet", "Contact sheet"], ["keogram", "Keogram"], ["trails", "Star trails"]], renew);
  const fps = el("input", { type: "number", min: 1, max: 60, step: 1, value: 25, inputmode: "numeric" });
  const rate = field("Speed", [fps], { units: "pictures per second" });
  const width = select(WIDTHS);
  width.value = "1920";
  const size = field("Size", [width]);
  const deflicker = tick("Remove flicker", "Smooths small changes of brightness.");
  const stamp = tick("Date and time in the picture", "");
  const span = select([["all", "All"], ["part", "A part"]]);
  const from = timeInput("From");
  const to = timeInput("To");
  const part = field("Pictures", [span, from.input, to.input]);
  const clock = el("p", { class: "hint" });
  const outcome = el("p", { class: "hint", role: "status" });
  const moving = [rate.element, deflicker.element, stamp.element];
  const element = el("form", { class: "film-form", novalidate: true, "aria-label": "Make a film" });
  const { problem, button } = submission(element, "Create", new Map(), send);
  element.append(kind.element, el("div", { class: "film-fields" }, rate.element, size.element, part.element), clock, deflicker.element, stamp.element,
    outcome, problem, el("div", { class: "actions" }, button));
  element.addEventListener("input", renew);

  function renew() {
    const film = kind.value === "film";
    for (const each of moving) each.hidden = !film;
    from.input.hidden = to.input.hidden = clock.hidden = span.value === "all";
    const taken = summary?.taken ?? 0;
    button.disabled = taken === 0;
    const length = film && span.value === "all" && Number(fps.value) > 0 ? `${counted(taken, "picture")} make ${lasting(taken / Number(fps.value))}. ` : "";
    write(outcome, taken ? length + HINTS[/** @type {keyof HINTS} */ (kind.value)] : "This series has no picture yet. A film can be made once it has some.");
  }

  async function send() {
    if (!summary) return;
    const { zone } = summary;
    const time = (/** @type {typeof from} */ input) => (span.value === "part" && input.read(zone)) || undefined;
    const film = kind.value === "film";
    await make({
      series: summary.name, kind: kind.value, width: width.value ? Number(width.value) : null, from: time(from), to: time(to),
      ...(film ? { fps: Number(fps.value), deflicker: deflicker.box.checked, stamp: stamp.box.checked } : {}),
    });
  }

  return {
    element,
    /** @param {Summary} now */
    show(now) {
      if (now.name !== summary?.name && now.first && now.last) {
        from.write(now.first.time, now.zone);
        to.write(Date.parse(now.last.time) + MINUTE_MS, now.zone); // it has no seconds
        clock.textContent = clockHint(now.zone);
      }
      summary = now;
      renew();
    },
  };
}
