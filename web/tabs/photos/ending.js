// @ts-check
/** What is below the last item: how many there are, or why there is none, and the button that leads on. */

import { dayName } from "../../base/camera-time.js";
import { el } from "../../base/dom.js";
import { empty } from "../../base/empty.js";

const VIEWER = "There are no photos or videos yet. They appear here once an owner takes some.";
const OWNER = "There are no photos or videos yet. Take the first one on the Live tab, or copy files into the library.";

/**
 * @param {import("./library.js").Item[]} items  all of them
 * @param {import("./filters.js").Filters} filters
 * @param {any} context
 * @returns {HTMLElement}
 */
export function ending(items, filters, context) {
  if (!items.length && filters.any) return empty("No item matches these filters.", { words: "Clear the filters", act: () => filters.clear() });
  if (!items.length && !context.session.may.control) return empty(VIEWER);
  if (!items.length) return empty(OWNER, { words: "Go to the Live tab", act: () => context.go("live") });
  const many = `${items.length.toLocaleString("en")} items, the oldest from ${dayName(items[items.length - 1].day)}. `;
  const text = el("span", {}, items.length === 1 ? "One item. " : many);
  return el("div", {}, text, document.documentElement.scrollHeight > innerHeight && el("button", { type: "button", onclick: () => scrollTo(0, 0) }, "Back to the newest"));
}
