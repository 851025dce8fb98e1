// @ts-check
/** Copies the text of an element. */

/**
 * Select the text of an element, and copy it. Without HTTPS, browsers give pages no other clipboard.
 * @param {HTMLElement} element
 * @returns {boolean} false: the browser refuses, and the text is only selected
 */
export function copied(element) {
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.select();
  else getSelection()?.selectAllChildren(element);
  return document.execCommand("copy");
}
