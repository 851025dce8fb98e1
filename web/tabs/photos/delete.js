// @ts-check
/** Deleting items, with undo. */

import { errorText, sentence } from "../../base/text.js";

/** @typedef {import("./library.js").Library} Library */

/**
 * Move items to the trash, and show the result.
 * @param {Library} library
 * @param {string[]} ids
 * @param {object} how
 * @param {typeof import("../../base/toasts.js").say} how.say
 * @param {() => unknown} how.restored  called after an undo
 * @param {(done: number, total: number) => void} [how.progress]
 * @returns {Promise<string[] | null>} the deleted ones; null: the request failed
 */
export async function remove(library, ids, { say, restored, progress = () => {} }) {
  try {
    const { deleted, failed } = await library.delete(ids, progress);
    const remaining = new Set(failed.map(({ id }) => id));
    const gone = ids.filter((id) => !remaining.has(id));
    const words = [
      gone.length && (gone.length === 1 ? "Deleted." : `Deleted ${gone.length} items.`),
      remaining.size && ids.length > 1 && `${remaining.size} of ${ids.length} could not be deleted.`,
      remaining.size && sentence(failed[0].error),
    ];
    const undo = async () => {
      const back = await library.restore(deleted);
      restored();
      if (back.failed.length) throw new Error(sentence(back.failed[0].error));
    };
    say(words.filter(Boolean).join(" "), { error: remaining.size > 0, undo: gone.length ? undo : undefined });
    return gone;
  } catch (error) {
    say(errorText(error), { error: true });
    return null;
  }
}
