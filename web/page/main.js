// @ts-check
/** The page's frame: session, tabs, and the tab that is shown. */

import "./feature-check.js";
import * as api from "../server/api.js";
import { showAccountMenu } from "./account-menu.js";
import { showActivity } from "./activity.js";
import { choose } from "../picture/feed.js";
import { viewer } from "../picture/viewer.js";
import { CameraSwitch } from "./camera-switch.js";
import { el, fill } from "../base/dom.js";
import { errorText } from "../base/text.js";
import { Session } from "../server/session.js";
import { SettingsStore } from "../server/settings-store.js";
import { currentTab, tabAddress, Panels, TABS, tabsFor } from "./tabs.js";
import { say } from "../base/toasts.js";
import { loadPart, offerReload } from "./update.js";

const session = new Session();
const settings = new SettingsStore();
/** The sign-in form, which is loaded when it is first needed. @type {Promise<import("./sign-in.js").SignIn> | null} */
let signIn = null;

/** What every tab is given. */
const context = { api, base: api.base, session, settings, status: viewer.status, camera: viewer, say, go };

const nav = element("tabs");
const cameraSwitch = new CameraSwitch(element("cameras"));
const panels = new Panels(element("content"), context);

/** There when the page was sent in place of its address, which may not be opened; its `data-refused` is the reason. */
const instead = document.querySelector("base");
if (instead) instead.href = instead.href; // absolute, as it is relative to the address, which changes with the tab
let asked = false; // to sign in for that

let stepsShown = false;
let lowLatency = false;

/** Whom the page was built for. @type {string | null} */
let user = null;

session.subscribe(applySession);
settings.subscribe((_document, conflict) => {
  if (conflict) say("Someone else has just changed the settings, so your change was not saved. The page now shows the current settings.", { error: true });
});
viewer.status.subscribe(({ revisions }) => settings.follow(revisions?.settings));
viewer.status.subscribe(offerReload);
addEventListener("popstate", show);
for (const place of [nav, element("activity")]) place.addEventListener("click", follow);
showActivity(element("activity"), viewer.status, session);
if (session.known) applySession();
else show();
session.refresh().then(() => session.known || applyRights());
document.documentElement.dataset.runs = "";

/** Show what the user of the session may see; reload if it is another user than before. */
function applySession() {
  applyRights();
  const now = session.user && `${session.user.role} ${session.user.name}`;
  // Reload when the user changes, so that no input of one is seen by the next.
  if (user && now !== user) location.replace(tabAddress("live"));
  if (asked && now) {
    location.reload();
    return;
  }
  if (now && instead) say(instead.dataset.refused ?? "", { error: true });
  if (now !== user) choose(session.live);
  offerLowLatency();
  user = now;
  show();
  showFirstSteps();
}

/** Once on a page, where the owner has set it up. */
async function offerLowLatency() {
  const address = session.live?.webrtc;
  if (!address || lowLatency || !window.RTCPeerConnection) return;
  lowLatency = true;
  try {
    (await loadPart(() => import("../picture/low-latency.js"), [])).useLowLatency(viewer, address);
  } catch (error) {
    say(errorText(error), { error: true });
  }
}

/** Once on a page: steps that are done are not shown again. */
async function showFirstSteps() {
  if (stepsShown || !session.firstSteps.length) return;
  stepsShown = true;
  try {
    await (await loadPart(() => import("./first-steps.js"), ["page/first-steps.css"])).showFirstSteps(context);
  } catch (error) {
    say(errorText(error), { error: true });
  }
}

/** Request picture and status if the session may see them, and while that is unknown. */
function applyRights() {
  viewer.allowed = viewer.status.allowed = !session.known || session.may.watch;
}

/**
 * Bring a tab to the screen, as if its link had been followed.
 * @param {string} name
 */
function go(name) {
  if (name !== currentTab()) history.pushState(null, "", tabAddress(name));
  show();
}

/** Show the tab of the address, or sign-in if the session may not see it. */
function show() {
  const tabs = tabsFor(session);
  const name = currentTab();
  const tab = tabs.find((candidate) => candidate.name === name);
  const stranger = session.known && !session.user;
  const mustSignIn = stranger && (instead !== null || !session.may.watch || (!tab && TABS.some((other) => other.name === name)));
  asked = mustSignIn && instead !== null;
  showLinks(tabs, tab);
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  showAccountMenu(element("account"), session, { signIn: () => withSignIn((form) => form.open()), say });
  if (session.known && session.may.watch) cameraSwitch.show(currentTab() === "live" ? "" : currentTab());
  element("activity").setAttribute("aria-live", name === "live" ? "off" : "polite"); // Live says it beside the picture
  if (mustSignIn || signIn) withSignIn((form) => (form.needed = mustSignIn));
  const shown = tab?.name ?? (session.known ? "live" : name);
  if (!tab && session.known && session.user) history.replaceState(null, "", tabAddress("live"));
  document.title = tab && tab.name !== "live" ? `${tab.title} – Stillcam` : "Stillcam";
  panels.show(mustSignIn || !tabs.some((each) => each.name === shown) ? null : shown).catch((error) => {
    say(`${TABS.find((each) => each.name === shown)?.title} cannot be shown. ${errorText(error)}`, { error: true });
  });
}

/** @param {(form: import("./sign-in.js").SignIn) => void} use */
async function withSignIn(use) {
  try {
    signIn ??= loadPart(() => import("./sign-in.js"), []).then(({ SignIn }) => new SignIn(session, element("content")));
    use(await signIn);
  } catch (error) {
    signIn = null;
    say(errorText(error), { error: true });
  }
}

/** Existing links are kept, as a finger may be on one. @param {import("./tabs.js").Tab[]} tabs @param {import("./tabs.js").Tab} [current] */
function showLinks(tabs, current) {
  nav.hidden = tabs.length < 2;
  const links = /** @type {HTMLCollectionOf<HTMLAnchorElement>} */ (nav.children);
  if (tabs.map(({ title }) => title).join() !== [...links].map(({ text }) => text).join()) {
    fill(nav, tabs.map(({ name, title }) => el("a", { href: tabAddress(name), text: title })));
  }
  tabs.forEach((tab, i) => (tab === current ? links[i].setAttribute("aria-current", "page") : links[i].removeAttribute("aria-current")));
}

/** @param {MouseEvent} event  on a link to a tab, or to something in it */
function follow(event) {
  const link = /** @type {HTMLElement} */ (event.target).closest("a");
  if (!link?.href || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // into a tab of the browser's
  const here = link.href.split("#")[0] === tabAddress(currentTab());
  if (here && link.hash) return; // the tab hears of it by `hashchange`
  event.preventDefault();
  if (!here) history.pushState(null, "", link.href);
  show();
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
