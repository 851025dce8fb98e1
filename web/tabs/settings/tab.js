// @ts-check
/**
 * The Settings tab: camera, profiles, who may watch, storage, notifications, users, network, backup, this machine.
 */

import { automaticSize } from "../../base/automatic-size.js";
import { backups } from "./backups.js";
import { cameraChoice } from "./camera-choice.js";
import { el, fill, write } from "../../base/dom.js";
import { errorText, size } from "../../base/text.js";
import { machine } from "./machine.js";
import { maskEditor } from "./masks.js";
import { people } from "./people.js";
import { profiles } from "./profiles/card.js";
import { receivers } from "./receivers.js";
import { restartNotice } from "./restart.js";
import { settingRow } from "../../base/setting-row.js";
import { settingSearch } from "../../base/setting-search.js";
import { textOf } from "../../base/setting-texts.js";
import { stampPreview } from "./stamp.js";
import { stampUses } from "./stamp-uses.js";
import { tabLink } from "../../base/tab-link.js";
import { shortcutsSwitch } from "./shortcuts.js";

/** The sections, in the order in which they are needed, and their settings. @type {[string, string[]][]} */
const GROUPS = [
  ["Camera", ["camera.index", "camera.rotation", "camera.hflip", "camera.vflip"]],
  ["Snapshots", ["snapshot.interval_s", "snapshot.width", "snapshot.height", "snapshot.quality", "snapshot.zsl"]],
  ["Who may watch", ["access.watch", "access.embed"]],
  ["Privacy", ["privacy.masks", "privacy.camera", "privacy.raw"]],
  ["Stamp", ["stamp.uses", "stamp.text", "stamp.time_format", "stamp.corner", "stamp.size"]],
  ["Storage", ["files.photo", "files.video", "files.floor_mb", "retention.max_age_days", "retention.max_bytes_gb", "retention.min_free_mb"]],
];
/** Those that come after what is on the Motion tab. @type {[string, string[]][]} */
const NOTIFIED = [["Notifications", ["notifications.receivers", "webhooks.urls"]]];
/** Those that come after the users. @type {[string, string[]][]} */
const LATER = [
  ["Network", [
    "access.hosts", "access.proxies", "server.tls_certificate", "server.tls_key", "server.max_connections",
    "server.max_connections_per_address", "server.access_log",
  ]],
  ["Page", ["live.auto", "live.webrtc", "page.histogram"]],
];

/**
 * @param {HTMLElement} panel
 * @param {any} context
 */
export function mount(panel, context) {
  const { settings, api, session } = context;
  /** @type {{element: HTMLElement, show: () => void}[]} */
  const rows = [];
  const card = (/** @type {string} */ title, /** @type {any[]} */ ...content) =>
    el("section", { class: "card settings-card", "aria-label": title }, el("h2", { text: title }), ...content);
  const owner = session.user?.role === "owner";
  const camera = cameraChoice(settings, api);
  const restart = restartNotice(context, owner);
  const notified = receivers(context);
  const row = (/** @type {string} */ name) => {
    const made = name === "camera.index" ? camera : settingRow(settings, name, {
      input: name === "stamp.uses" ? stampUses : undefined,
      automatic: name === "files.floor_mb" ? reserve : () => automaticSize(context, name),
      inRow: name === "notifications.receivers" || name === "webhooks.urls" ? notified.inRow : undefined,
    });
    rows.push(made);
    return made.element;
  };
  /** What the daemon keeps free where nothing is set. */
  const reserve = () => {
    const bytes = context.status.latest?.capture.library?.floor_bytes;
    return bytes ? size(bytes) : "";
  };
  const notice = el("p", { class: "problem", role: "status" });
  const waits = el("p", { class: "problem", role: "status" }); // why retention does not delete
  const dayAndNight = profiles(context, card);
  const place = el("div", { class: "settings" });
  const search = settingSearch(place);
  fill(panel, search.element, place);

  const build = async () => {
    const { fields } = settings.document;
    const cards = (/** @type {typeof GROUPS} */ groups) => groups
      .map(([title, names]) => /** @type {typeof GROUPS[0]} */ ([title, names.filter((name) => name in fields)])) // of a further camera some are the first one's
      .filter(([, names]) => names.length)
      .map(([title, names]) => card(title, title === "Stamp" && stampPreview(context), names.map(row), title === "Privacy" && maskEditor(context), title === "Storage" && waits, title === "Network" && restart.element, title === "Page" && shortcutsSwitch()));
    /** For the search: what is set on the Motion tab. */
    const elsewhere = Object.keys(fields).filter((name) => name.startsWith("motion.")).map((name) => textOf(name).label);
    const link = tabLink(context, "motion", "Open the Motion tab");
    link.className = "button";
    const motion = card("Motion", el("p", { class: "hint", text: `The Motion tab has these settings: ${elsewhere.join(", ")}.` }), link);
    fill(place, notice, cards(GROUPS), dayAndNight.element, motion, cards(NOTIFIED), owner && people(context, card), cards(LATER), owner && backups(context, card), owner && machine(context, card));
    /** @type {HTMLElement} */ (waits.closest("section")).id = "storage"; // for the header's link
    settings.subscribe(show);
    show();
  };

  function show() {
    notice.textContent = settings.document?.notice ?? "";
    for (const one of rows) one.show();
    restart.show();
    if (owner) notified.renew();
  }

  const built = build();
  const showStatus = (/** @type {import("../../server/api.js").Status} */ { capture }) => {
    const why = capture.library?.waits;
    const text = why ? `Deletion by age waits: ${why}.` : "";
    write(waits, text);
    for (const one of rows) one.show(); // automatic values
  };
  let unsubscribe = () => {};
  return {
    shown: () => {
      built.then(() => (camera.renew(), settings.refresh())).catch((error) => (notice.textContent = errorText(error)));
      if (owner) notified.renew();
      built.then(() => (dayAndNight.shown(), location.hash === "#storage" && waits.closest("section")?.scrollIntoView()));
      unsubscribe = context.status.subscribe(showStatus);
    },
    hidden: () => {
      unsubscribe();
      dayAndNight.hidden();
    },
  };
}
