// @ts-check
/** Creates elements of a drawing (SVG). */

/**
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Element} children
 */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}
