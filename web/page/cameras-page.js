// @ts-check
/** The page with the pictures of all cameras side by side. */

import "./feature-check.js";
import { get } from "../server/api.js";
import { showAccountMenu } from "./account-menu.js";
import { CameraSwitch } from "./camera-switch.js";
import { fill, write } from "../base/dom.js";
import { errorText } from "../base/text.js";
import { Session } from "../server/session.js";
import { SignIn } from "./sign-in.js";
import { say } from "../base/toasts.js";
import { offerReload } from "./update.js";
import { CameraTile } from "./camera-tile.js";

/**
 * A camera, as `api/overview` has it.
 * @typedef {object} CameraSummary
 * @property {number} number
 * @property {string} address  of its page, from where this one is
 * @property {boolean} here    it is the one whose address was asked
 * @property {string | null} model  null: no camera, or nothing is known
 * @property {string | null} mode   null: its daemon does not answer
 * @property {string | null} reason
 * @property {number | null} interval_s
 */

const EVERY_MS = 5_000;

const session = new Session();
const signIn = new SignIn(session, element("content"));
const cameraSwitch = new CameraSwitch(element("cameras"));
const grid = element("tiles");
/** Those on the screen, by number. @type {Map<number, CameraTile>} */
const tiles = new Map();
let wake = () => {};

session.subscribe(show);
document.addEventListener("visibilitychange", () => wake());
show();
run();
document.documentElement.dataset.runs = "";

/** Ask how they are, for as long as the page is open and seen. */
async function run() {
  await session.refresh();
  for (;;) {
    const woken = new Promise((resolve) => (wake = () => resolve(undefined)));
    if (!document.hidden && session.may.watch) await ask();
    await Promise.race([woken, new Promise((resolve) => setTimeout(resolve, EVERY_MS))]);
  }
}

async function ask() {
  try {
    const [{ cameras, page }] = await Promise.all([get("api/overview"), get("api/status").then(offerReload)]);
    cameraSwitch.update({ cameras: cameras.map((/** @type {CameraSummary} */ camera) => ({ ...camera, here: false })), page }, "");
    take(cameras);
    showNotice("");
  } catch (error) {
    showNotice(`${errorText(error)} Trying again.`);
  }
}

/** @param {CameraSummary[]} cameras */
function take(cameras) {
  const asked = performance.now();
  if (cameras.some(({ number }) => !tiles.has(number)) || cameras.length !== tiles.size) {
    for (const old of tiles.values()) old.end();
    tiles.clear();
    for (const camera of cameras) tiles.set(camera.number, new CameraTile(camera, say));
    fill(grid, [...tiles.values()].map((each) => each.element));
    show();
  }
  for (const camera of cameras) tiles.get(camera.number)?.update(camera, asked);
}

/** Show what the session may see. */
function show() {
  showAccountMenu(element("account"), session, { signIn: () => signIn.open(), say });
  const may = !session.known || session.may.watch;
  signIn.needed = !may;
  grid.hidden = !may;
  if (!may) showNotice("");
  for (const each of tiles.values()) each.setRights(session);
  wake();
}

/** @param {string} text */
function showNotice(text) {
  const notice = element("notice");
  write(notice, text);
  notice.hidden = !text;
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
