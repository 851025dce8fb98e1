// @ts-check
/** Backups of the settings: download, restore, keep some on the camera, or reset to the defaults. For owners. */

import { confirm } from "../../base/dialogs.js";
import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { form } from "../../base/form.js";

/**
 * @param {any} context
 * @param {(title: string, ...content: any[]) => HTMLElement} card
 */
export function backups({ api, base, say, settings }, card) {
  const list = el("ul", { class: "entries" });
  const file = el("input", { type: "file", accept: "application/json,.json", hidden: true, "aria-label": "Backup file" });

  async function renew() {
    const { backups: all } = await api.get("api/backups");
    fill(list, all.length ? all.map(entry) : el("li", { class: "hint", text: "No backup is stored on the camera. Type a name, and press Save." }));
  }

  /** @param {{name: string, time: string}} backup */
  function entry({ name, time }) {
    const path = `api/backups/${encodeURIComponent(name)}`;
    return el("li", {}, el("strong", { text: name }), el("span", { class: "hint", text: new Date(time).toLocaleString() }),
      button("Restore", () => restore(`Restore ${name}?`, () => api.send("POST", path)), `Restore ${name}`),
      button("Delete", () => confirm({ title: `Delete ${name}?`, text: "A deleted backup cannot be restored.", yes: "Delete", action: () => api.send("DELETE", path) })
        .then((done) => (done ? renew() : undefined)), `Delete ${name}`));
  }

  /** @param {string} title @param {() => Promise<unknown>} action */
  const restore = (title, action) =>
    confirm({ title, text: "The backup replaces all settings. Users and tokens are kept.", yes: "Restore", action })
      .then((done) => done && settings.load().then(() => say("Settings restored.")));

  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    try {
      const document = JSON.parse(await chosen.text());
      await restore(`Restore ${chosen.name}?`, () => api.send("POST", "api/backup", document));
    } catch {
      say(`${chosen.name} is not a backup: it does not contain JSON.`, { error: true });
    }
  });

  const keep = form({
    name: "Save a backup on the camera", inline: true, submit: "Save",
    inputs: [{ name: "name", label: "Name", attributes: { required: true } }],
    action: async (values, made) => {
      await api.send("POST", "api/backups", values);
      made.reset();
      await renew();
    },
  });

  /** Every section back to its defaults. */
  const reset = () => confirm({
    title: "Reset all settings?", text: "All settings return to their defaults. Users, tokens, photos and backups are kept.", yes: "Reset",
    action: () => settings.patch(Object.fromEntries(Object.keys(settings.document.settings).map((name) => [name, null]))),
  });

  renew().catch((error) => say(errorText(error), { error: true }));
  return card("Backup",
    el("div", { class: "actions" },
      el("a", { class: "button", href: new URL("api/backup", base).href, download: "", text: "Download" }),
      button("Restore a file…", () => file.click()), file,
      el("button", { type: "button", class: "danger", onclick: reset, text: "Reset to defaults" })),
    list, keep);
}

/** @param {string} text @param {() => unknown} act @param {string} [label]  where the text alone does not say what it is about */
const button = (text, act, label) => el("button", { type: "button", onclick: act, text, "aria-label": label });
