// @ts-check
/** The account menu: sign in, sign out, change the password. */

import { el, fill, icon } from "../base/dom.js";
import { errorText } from "../base/text.js";
import { loadPart } from "./update.js";

/** @typedef {import("../server/session.js").Session} Session */

const PERSON = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 9c0-4 3.6-6.5 8-6.5s8 2.5 8 6.5";

/**
 * Show the menu of the signed-in user in `corner`, or a button to sign in.
 * @param {HTMLElement} corner
 * @param {Session} session
 * @param {{signIn: () => void, say: typeof import("../base/toasts.js").say}} how
 */
export function showAccountMenu(corner, session, { signIn, say }) {
  const state = JSON.stringify([session.known, session.user, session.registered]);
  if (corner.dataset.state === state) return;
  corner.dataset.state = state;
  if (!session.known) fill(corner);
  else if (session.user) fill(corner, menu(session, say));
  else fill(corner, el("button", { type: "button", class: "plain", onclick: signIn, text: session.registered ? "Sign in" : "Set up" }));
}

/** @param {Session} session @param {typeof import("../base/toasts.js").say} say */
function menu(session, say) {
  const { user } = session;
  const shut = () => menu.removeAttribute("open");
  const item = (/** @type {string} */ text, /** @type {() => unknown} */ action) => {
    const act = async () => {
      shut();
      try {
        await action();
      } catch (error) {
        say(errorText(error), { error: true });
      }
    };
    return el("li", {}, el("button", { type: "button", class: "plain", onclick: act, text }));
  };
  /** @type {HTMLDetailsElement} */
  const menu = el(
    "details",
    { class: "menu" },
    el("summary", { "aria-label": `Account of ${user?.name}`, title: `Account of ${user?.name}`, class: "button plain" }, icon(PERSON), el("span", { class: "label", text: user?.name })),
    el(
      "ul",
      {},
      item("Change password…", async () => (await loadPart(() => import("./change-password.js"), [])).changePassword(session, say)),
      item("Sign out", () => session.signOut()),
      item("Sign out on all devices", () => session.signOut(true)),
    ),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    shut();
    menu.querySelector("summary")?.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(/** @type {Node} */ (event.relatedTarget))) shut();
  });
  document.addEventListener("pointerdown", function outside(event) {
    if (!menu.isConnected) document.removeEventListener("pointerdown", outside); // another is in its place
    else if (!menu.contains(/** @type {Node} */ (event.target))) shut();
  });
  return menu;
}
