// @ts-check
/** Notices an update of the server while the page is open: modules that were not loaded yet are no longer served. */

import { status, version } from "../server/api.js";
import { say } from "../base/toasts.js";

const RELOADED = "stillcam.reloaded";

/** The newest version for which a reload was offered. */
let offered = version;

/** Offer a reload, once for each new version of the server. @param {{page?: string}} status */
export function compare({ page }) {
  if (!version || !page || page === offered) return;
  offered = page;
  if (page === version) return;
  say("Stillcam has been updated. Reload the page to use the new version.", { offer: { text: "Reload", act: () => location.reload() } });
}

/**
 * Load a part of the page on demand. If the server no longer has its version, reload the page at the same address.
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

/** Whether this is the first reload for this version: a cache in between may still serve the old page. @param {string | null} page */
function first(page) {
  try {
    if (sessionStorage.getItem(RELOADED) === page) return false;
    sessionStorage.setItem(RELOADED, String(page));
    return true;
  } catch {
    return false; // without storage, reloading could loop forever
  }
}
