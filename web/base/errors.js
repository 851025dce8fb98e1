// @ts-check
/** Texts of errors, as whole sentences. */

/** How the server's text about a field begins where the field's label belongs before it. */
const CONTINUES_LABEL = /^(must|is|are|needs|has|holds|values|both)\b/;

/** A text of the server as a sentence: with a capital and a full stop. @param {string} text */
export const sentence = (text) => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

/**
 * What an error says, as a sentence.
 * @param {unknown} error  as it was thrown, or its text; "" gives ""
 * @param {string} [label]  of the field that it is about
 */
export function errorText(error, label) {
  const text = error instanceof Error ? error.message : String(error);
  return sentence(label && CONTINUES_LABEL.test(text) ? `${label} ${text}` : text);
}
