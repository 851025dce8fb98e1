// @ts-check
/** Creates elements. Data always becomes text, never markup. */

/** @typedef {Node | string | number | null | undefined | false} Child  nothing is made of null, undefined and false */

/** What is a property of an element and has no attribute that would do the same later on. */
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate", "open", "selected"]);

/**
 * A new element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]  by name; besides:
 *   `text` its text, `on<event>` a listener, true an attribute without a value, null and false none
 * @param {...(Child | Child[])} children
 * @returns {any} an HTMLElement; `any`, so that callers need not say which
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) /** @type {any} */ (made)[name] = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...nodes(children));
  return made;
}

/**
 * Put `children` into `parent`, instead of what is there.
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren(...nodes(children));
}

/** Write only what differs: a text written again may be read aloud again. @param {Element} target @param {string} text */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * A line drawing of 24 by 24, which takes the colour of the text.
 * @param {string} path  as in <path d>
 */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

let count = 0;

/** An id that no element has yet, for a label to point at. @param {string} name */
export const uniqueId = (name) => `${name}-${++count}`;

/** @param {(Child | Child[])[]} children */
const nodes = (children) =>
  children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === "number" ? String(child) : /** @type {Node | string} */ (child)));
