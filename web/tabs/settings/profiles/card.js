// @ts-check
/** The profiles for day and night: which one is active, the switch by hand, and their order. */

import { confirm } from "../../../base/dialogs.js";
import { el, fill, write } from "../../../base/dom.js";
import { empty } from "../../../base/empty.js";
import { field, select } from "../../../base/fields.js";
import { submission } from "../../../base/form.js";
import { errorText } from "../../../base/text.js";
import { loadPart } from "../../../page/update.js";
import { NIGHT, stateWords, whenWords } from "./words.js";

/** @typedef {{name: string, when: any, changes: Record<string, any>}} Profile */
/** @typedef {{profiles: Profile[], sections: string[], fixed: string[], error: string | null, notice: string | null, state: any}} Known */

const PLAIN = "The plain settings";
const UNTIL = /** @type {[string, string][]} */ ([["", "I switch back"], ["change", "the conditions choose another one"], ["tomorrow", "tomorrow, 00:00"]]);
const EMPTY = "A profile changes settings for a time: at night, on weekends, or while you are away. For example, Night: longer exposure, less sensitive motion detection.";

/**
 * @param {any} context
 * @param {(title: string, ...content: any[]) => HTMLElement} card
 */
export function profiles(context, card) {
  const { api, say, settings, status } = context;
  const now = el("p", { class: "profile-now" });
  const problem = el("p", { class: "problem", role: "status", hidden: true });
  const list = el("ol", { class: "entries profile-list" });
  const add = el("button", { type: "button", text: "Add a profile", onclick: () => edit(null) });
  const chosen = select([]);
  const until = select(UNTIL);
  const hand = el("form", { class: "form inline", "aria-label": "Switch by hand" });
  const overview = el("div", { class: "profile-overview" });
  const editor = el("div", { class: "profile-editor", hidden: true });
  const element = card("Profiles", now, problem, overview, editor);
  element.id = "profiles";
  /** @type {Known | null} */
  let known = null;
  let tag = "";

  const profile = field("Switch to", [chosen]);
  const end = field("Until", [until]);
  const { problem: refused, button } = submission(/** @type {HTMLFormElement} */ (hand), "Switch", new Map([["name", profile.complain], ["until", end.complain]]), async () => {
    const index = chosen.value;
    if (index === "auto") await api.send("DELETE", "api/profiles/active");
    else await api.send("POST", "api/profiles/active", { name: index === "plain" ? null : known?.profiles[Number(index)].name, until: until.value || null });
    await Promise.all([renew(), settings.refresh()]);
  });
  hand.append(profile.element, end.element, refused, el("div", { class: "actions" }, button));
  chosen.addEventListener("change", () => (end.element.hidden = chosen.value === "auto"));

  async function renew() {
    const answer = await api.exchange("GET", "api/profiles");
    take(answer.document, answer.tag);
  }

  /** @param {Known} document @param {string} newer */
  function take(document, newer) {
    [known, tag] = [document, newer];
    const rows = document.profiles;
    problem.hidden = !document.error && !document.notice;
    write(problem, errorText(document.error ?? document.notice ?? ""));
    const focused = /** @type {HTMLElement | null} */ (list.contains(window.document.activeElement) ? window.document.activeElement : null);
    const label = focused?.getAttribute("aria-label");
    fill(list, rows.map(entry));
    if (!rows.length) fill(overview, !document.error && empty(EMPTY, { words: "Add a night profile", act: () => edit(null, NIGHT) }));
    else if (!list.isConnected) fill(overview, list, el("div", { class: "actions" }, add), hand);
    if (label) /** @type {HTMLElement | null} */ (list.querySelector(`[aria-label="${CSS.escape(label)}"]:enabled`) ?? list.querySelector("button:enabled"))?.focus();
    fill(chosen, el("option", { value: "auto", text: "Automatic, by the conditions" }), rows.map(({ name }, index) => el("option", { value: index, text: name })), el("option", { value: "plain", text: PLAIN }));
    end.element.hidden = true;
    show(document.state);
  }

  /** @param {any} state */
  function show(state) {
    write(now, stateWords(state));
    now.hidden = !state;
    for (const row of list.children) row.toggleAttribute("data-active", row.getAttribute("data-name") === state?.active);
  }

  /** @param {Profile} profile @param {number} index */
  function entry({ name, when, changes }, index) {
    const last = (known?.profiles.length ?? 0) - 1;
    const count = Object.values(changes).reduce((sum, section) => sum + Object.keys(section).length, 0);
    return el("li", { "data-name": name }, el("strong", { text: name }),
      el("span", { class: "hint", text: `${whenWords(when)} ${count === 1 ? "1 setting" : `${count} settings`}.` }),
      act("↑", `Move ${name} up`, () => move(index, -1), index === 0), act("↓", `Move ${name} down`, () => move(index, 1), index === last),
      act("Edit", `Edit ${name}`, () => edit(index)), act("Delete", `Delete ${name}`, () => remove(index)));
  }

  /** @param {Profile[]} profiles @param {string[]} [reset]  plain settings that go back to their defaults */
  async function put(profiles, reset = []) {
    const answer = await api.exchange("PUT", "api/profiles", { body: { profiles, reset }, tag });
    take(answer.document, answer.tag);
    await settings.refresh();
  }

  /** @param {number} index @param {number} by */
  async function move(index, by) {
    const rows = [...(known?.profiles ?? [])];
    rows.splice(index + by, 0, ...rows.splice(index, 1));
    try {
      await put(rows);
    } catch (error) {
      say(errorText(error), { error: true });
      await renew();
    }
  }

  /** @param {number} index */
  const remove = (index) => confirm({
    title: `Delete ${known?.profiles[index].name}?`, text: "Its settings no longer apply.", yes: "Delete",
    action: () => put((known?.profiles ?? []).filter((_, other) => other !== index)),
  });

  /** @param {number | null} index  null: a new one @param {Profile} [template] */
  async function edit(index, template) {
    const { profileForm } = await loadPart(() => import("./form.js"), ["tabs/settings/profiles/form.css"]);
    const rows = known?.profiles ?? [];
    const at = index ?? rows.length;
    const close = () => {
      editor.hidden = true;
      overview.hidden = false;
      fill(editor);
      /** @type {HTMLElement | null} */ (overview.querySelector(`[aria-label^="Edit"]`) ?? overview.querySelector("button"))?.focus();
    };
    const mayChange = (/** @type {string} */ name) => Boolean(known?.sections.includes(name.split(".")[0]) && !known.fixed.includes(name));
    const made = profileForm(context, mayChange, index === null ? template : rows[index], `profiles.${at}`, {
      save: async (profile, reset) => {
        await put([...rows.slice(0, at), profile, ...rows.slice(at + 1)], reset);
        close();
        say(`${profile.name} saved.`);
      },
      cancel: close,
    });
    fill(editor, made.element);
    overview.hidden = true;
    editor.hidden = false;
    made.focus();
  }

  let unsubscribe = () => {};
  return {
    element,
    shown: () => {
      unsubscribe = status.subscribe((/** @type {any} */ { capture }) => known && show(capture.profile));
      renew().then(() => location.hash === "#profiles" && element.scrollIntoView()).catch((error) => write(problem, errorText(error)));
    },
    hidden: () => unsubscribe(),
  };
}

/** @param {string} text @param {string} label @param {() => unknown} act @param {boolean} [disabled] */
const act = (text, label, act, disabled = false) => el("button", { type: "button", text, "aria-label": label, title: label, disabled, onclick: act });
