// @ts-check
/** The server has been updated while the page was open: the page is of the version before, and its other parts are gone. */

import { status, version } from "./api.js";
import { say } from "./toasts.js";

const RELOADED = "stillcam.reloaded";

/** The version that has been offered. */
let offered = version;

/** Offer to reload, once for each version that the server comes to have. @param {{page?: string}} status */
export function compare({ page }) {
  if (!version || !page || page === offered) return;
  offered = page;
  if (page === version) return;
  say("Stillcam has been updated, and this page is of the version before.", { offer: { text: "Reload", act: () => location.reload() } });
}

/**
 * A part of the page that is loaded when it is needed. Where it is of a version that the server has no more, the
 * page is loaded again, at the same address.
 * @template T
 * @param {() => Promise<T>} load  imports it
 * @returns {Promise<T>}
 */
export async function part(load) {
  try {
    return await load();
  } catch (error) {
    const { page = version } = await status().catch(() => ({ page: version }));
    if (page === version || !first(page)) throw error;
    location.reload();
    return new Promise(() => {}); // the page goes
  }
}

/** Whether this is the first time that this version is loaded for. A cache on the way may still have the page before. @param {string | null} page */
function first(page) {
  try {
    if (sessionStorage.getItem(RELOADED) === page) return false;
    sessionStorage.setItem(RELOADED, String(page));
    return true;
  } catch {
    return false; // no storage here: nothing would end it
  }
}
