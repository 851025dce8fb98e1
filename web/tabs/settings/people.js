// @ts-check
/** Users with their roles, and access tokens of programs. For owners. */

import { copied } from "../../base/copy.js";
import { confirm, dialog } from "../../base/dialogs.js";
import { el, fill } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { form } from "../../base/form.js";

/** @typedef {{name: string, role: string, library: boolean, last_seen: string | null}} User */
/** @typedef {{id: string, name: string, scope: string, last_used: string | null}} Token */

/** The API's values for each choice, by its text. */
const RIGHTS = new Map([
  ["Viewer: picture and library", { role: "viewer", library: true }],
  ["Viewer: picture only", { role: "viewer", library: false }],
  ["Owner: everything", { role: "owner" }],
]);
const CHOICES = /** @type {[string, string][]} */ ([...RIGHTS.keys()].map((text) => [text, text]));
const SCOPES = /** @type {[string, string][]} */ ([
  ["view", "View: picture only"],
  ["library", "Library: picture and library"],
  ["control", "Control: also photos and settings"],
]);

/**
 * @param {any} context
 * @param {(title: string, ...content: any[]) => HTMLElement} card
 */
export function people({ api, say, session }, card) {
  const users = el("ul", { class: "entries" });
  const tokens = el("ul", { class: "entries" });

  async function renew() {
    const [first, second] = await Promise.all([api.get("api/users"), api.get("api/tokens")]);
    fill(users, first.users.map(userEntry));
    fill(tokens, second.tokens.length ? second.tokens.map(tokenEntry) : el("li", { class: "hint", text: "No program has a token. Create one for each program that reads pictures, such as Home Assistant." }));
  }

  /** @param {User} user */
  function userEntry({ name, role, library, last_seen }) {
    const has = (/** @type {any} */ rights) => rights.role === role && (role === "owner" || rights.library === library);
    const select = el("select", { "aria-label": `Role of ${name}` },
      [...RIGHTS].map(([text, rights]) => el("option", { value: text, text, selected: has(rights) })));
    select.addEventListener("change", () =>
      tried(() => api.send("PATCH", `api/users/${encodeURIComponent(name)}`, RIGHTS.get(select.value)), renew));
    return el("li", {}, el("strong", { text: name }), el("span", { class: "hint", text: seen(last_seen, "seen") }), select,
      button("New password", () => newPassword(name), `New password for ${name}`),
      name !== session.user?.name && button("Remove", () => remove("Remove", name, `${name} is signed out, and can no longer sign in.`, `api/users/${encodeURIComponent(name)}`), `Remove ${name}`));
  }

  /** @param {Token} token */
  function tokenEntry({ id, name, scope, last_used }) {
    return el("li", {}, el("strong", { text: name }), el("span", { class: "hint", text: `${scope}, ${seen(last_used, "used")}` }),
      button("Revoke", () => remove("Revoke", name, "The program that uses this token loses its access at once.", `api/tokens/${id}`), `Revoke ${name}`));
  }

  /** @param {string} verb @param {string} name @param {string} text @param {string} path */
  const remove = (verb, name, text, path) =>
    confirm({ title: `${verb} ${name}?`, text, yes: verb, action: () => api.send("DELETE", path) }).then((done) => (done ? renew() : undefined));

  /** @param {string} name */
  function newPassword(name) {
    const opened = dialog(el("h2", { text: `New password for ${name}` }), form({
      inputs: [{ name: "password", label: "Password", type: "password", autocomplete: "new-password", attributes: { required: true } }],
      submit: "Set the password",
      action: async (values) => {
        await api.send("PATCH", `api/users/${encodeURIComponent(name)}`, values);
        opened.close();
        say(`${name} has a new password, and is signed out everywhere.`);
      },
    }));
  }

  const addUser = form({
    name: "Add a user", inline: true, submit: "Add",
    inputs: [
      { name: "name", label: "Name", attributes: { required: true } },
      { name: "password", label: "Password", type: "password", autocomplete: "new-password", attributes: { required: true } },
      { name: "role", label: "Role", choices: CHOICES },
    ],
    action: async ({ role, ...values }, made) => {
      await api.send("POST", "api/users", { ...values, ...RIGHTS.get(role) });
      made.reset();
      await renew();
    },
  });

  const addToken = form({
    name: "Add a token", inline: true, submit: "Add",
    inputs: [
      { name: "name", label: "Program", attributes: { required: true } },
      { name: "scope", label: "Scope", choices: SCOPES },
    ],
    action: async (values, made) => {
      showToken(values.name, (await api.send("POST", "api/tokens", values)).token);
      made.reset();
      await renew();
    },
  });

  /** A token is shown this once. @param {string} name @param {string} token */
  function showToken(name, token) {
    const text = el("input", { readonly: true, value: token, "aria-label": "Token" });
    dialog(el("h2", { text: `Token for ${name}` }),
      el("p", { text: "Copy it now: it will not be shown again. The program sends it as “Authorization: Bearer …”, or as the password of Basic authentication. For a device that only takes an address, append ?token=… to the address; this works only with the scope View." }),
      text, el("div", { class: "actions" }, button("Copy", () => say(copied(text) ? "Copied." : "Selected: press Ctrl+C to copy it."))));
    text.select();
  }

  /** @param {() => Promise<unknown>} act @param {() => Promise<unknown>} afterwards */
  async function tried(act, afterwards) {
    try {
      await act();
    } catch (error) {
      say(errorText(error), { error: true });
    }
    await afterwards();
  }

  renew().catch((error) => say(errorText(error), { error: true }));
  return [card("Users", users, addUser), card("Access tokens", tokens, addToken)];
}

/** @param {string} text @param {() => unknown} act @param {string} [label]  where the text alone does not say whose it is */
const button = (text, act, label) => el("button", { type: "button", onclick: act, text, "aria-label": label });

/** @param {string | null} time @param {string} verb */
const seen = (time, verb) => (time ? `last ${verb} ${new Date(time).toLocaleString()}` : `never ${verb}`);
