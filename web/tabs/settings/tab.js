// @ts-check
/**
 * The Settings tab: camera, files, who may watch, people and programs, backups.
 */

import { backups } from "./backups.js";
import { cameraChoice } from "./camera-choice.js";
import { el, fill, write } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { people } from "./people.js";
import { settingRow } from "../../base/setting-row.js";
import { shortcutsSwitch } from "./shortcuts.js";

/** Which settings stand under which heading, and what they are called. @type {[string, [string, string][]][]} */
const GROUPS = [
  ["Camera", [
    ["camera.index", "Active camera"], ["camera.rotation", "Rotation"], ["camera.hflip", "Mirror left and right"],
    ["camera.vflip", "Mirror top and bottom"],
  ]],
  ["Snapshots", [
    ["snapshot.interval_s", "Interval"], ["snapshot.width", "Width"], ["snapshot.height", "Height"],
    ["snapshot.quality", "Quality"], ["snapshot.zsl", "Zero shutter lag"],
  ]],
  ["Photos and videos", [
    ["files.photo", "Type of photos"], ["files.raw", "Type of raw photos"], ["files.video", "Type of videos"],
    ["files.floor_mb", "Room that stays free"], ["retention.max_age_days", "Delete what is older than"],
    ["retention.max_bytes_gb", "Delete what exceeds"], ["retention.min_free_mb", "Delete to keep free"],
  ]],
  ["Who may watch", [
    ["access.watch", "Who may watch"], ["access.hosts", "Further names of this server"], ["access.proxies", "Trusted proxies"],
    ["access.embed", "Pages that may embed this one"],
  ]],
  ["Webhooks", [["webhooks.urls", "Addresses"]]],
  ["Page", [["page.histogram", "Histogram"]]],
  ["Server, from its next start on", [
    ["server.max_connections", "Connections"], ["server.max_connections_per_address", "Connections from one address"],
    ["server.tls_certificate", "TLS certificate"], ["server.tls_key", "TLS key"], ["server.access_log", "Log each request"],
  ]],
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
  const row = (/** @type {string} */ name, /** @type {string} */ label) => {
    const made = settingRow(settings, name, label);
    rows.push(made);
    return made.element;
  };
  let renew = () => {};
  const choice = (/** @type {string} */ label) => {
    const made = cameraChoice(settings, api, label);
    rows.push(made);
    renew = made.renew;
    return made.element;
  };
  const notice = el("p", { class: "problem", role: "status" });
  const waits = el("p", { class: "problem", role: "status" }); // why retention does not delete
  const place = el("div", { class: "settings" });
  fill(panel, place);

  const build = async () => {
    const { fields } = settings.document;
    const known = GROUPS.map(([title, names]) => /** @type {typeof GROUPS[0]} */ ([title, names.filter(([name]) => name in fields)]));
    const groups = known.filter(([, names]) => names.length).map(([title, names]) => // of a further camera some are the first one's
      card(title, ...names.map(([name, label]) => (name === "camera.index" ? choice(label) : row(name, label))),
        title === "Photos and videos" && waits, title === "Page" && shortcutsSwitch()));
    const owner = session.user?.role === "owner";
    fill(place, notice, groups, owner && people(context, card), owner && backups(context, card));
    settings.subscribe(show);
    show();
  };

  function show() {
    notice.textContent = settings.document?.notice ?? "";
    for (const one of rows) one.show();
  }

  const built = build();
  const showStatus = (/** @type {import("../../server/api.js").Status} */ { capture }) => {
    const why = capture.library?.waits;
    const text = why ? `Deletion by age waits: ${why}.` : "";
    write(waits, text);
  };
  let unsubscribe = () => {};
  return {
    shown: () => {
      built.then(() => (renew(), settings.refresh())).catch((error) => (notice.textContent = errorText(error)));
      unsubscribe = context.status.subscribe(showStatus);
    },
    hidden: () => unsubscribe(),
  };
}
