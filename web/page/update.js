// @ts-check
/** Loads parts of the page on demand, and notices an update of the server: it serves the modules of one version only. */

import { el } from "../base/dom.js";
import { say } from "../base/toasts.js";
import { status, version } from "../server/api.js";

const RELOADED = "stillcam.reloaded";

/** Style sheets that were added, by their addresses. @type {Map<string, Promise<unknown>>} */
const sheets = new Map();

/** The newest version for which a reload was offered. */
let offered = version;

/** Offer a reload, once for each new version of the server. @param {{page?: string}} status */
export function offerReload({ page }) {
  if (!version || !page || page === offered) return;
  offered = page;
  if (page === version) return;
  say("Stillcam has been updated. Reload the page to use the new version.", { offer: { text: "Reload", act: () => location.reload() } });
}

/**
 * Load a part of the page on demand. If the server no longer has its version, reload the page at the same address.
 * @template T
 * @param {() => Promise<T>} load  imports it
 * @param {string[]} styles  its style sheets, by their paths below web/; they apply before the module is returned
 * @returns {Promise<T>}
 */
export async function loadPart(load, styles) {
  try {
    const [module] = await Promise.all([load(), ...styles.map(styled)]);
    return module;
  } catch (error) {
    const { page = version } = await status().catch(() => ({ page: version }));
    if (page === version || !first(page)) throw /import/i.test(String(error)) ? Error("the connection failed: try again") : error;
    location.reload();
    return new Promise(() => {}); // the page goes
  }
}

/** Preload the modules of what the tab loads later: the server lists them in the page. */
export function preloadRest() {
  const list = /** @type {HTMLTemplateElement | null} */ (document.querySelector("template.rest"));
  if (list) document.head.append(list.content);
}

/** Resolves when a style sheet applies, or could not be loaded: the part is then shown without it. @param {string} path */
function styled(path) {
  const { href } = new URL(`../${path}`, import.meta.url);
  const sent = /** @type {HTMLLinkElement[]} */ ([...document.head.querySelectorAll("link[rel=stylesheet]")]);
  if (!sheets.has(href) && !sent.some((sheet) => sheet.href === href)) {
    sheets.set(href, new Promise((resolve) => {
      document.head.append(el("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
    }));
  }
  return sheets.get(href);
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
