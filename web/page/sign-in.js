// @ts-check
/** Sign-in, and registration of the first user: in a dialog, or in place of a page that needs it. */

import { Refused } from "../server/api.js";
import { el, fill } from "../base/dom.js";
import { form } from "../base/form.js";
import { dialog } from "../base/dialogs.js";

/** @typedef {import("../server/session.js").Session} Session */

export class SignIn {
  #session;
  /** @type {HTMLElement} */
  #panel = el("section", { class: "panel sign-in", id: "sign-in-panel", hidden: true });

  /** @param {Session} session @param {HTMLElement} main  where the panel goes */
  constructor(session, main) {
    this.#session = session;
    main.append(this.#panel);
  }

  /** Whether nothing else can be shown. @param {boolean} needed */
  set needed(needed) {
    if (needed === !this.#panel.hidden) return;
    this.#panel.hidden = !needed;
    fill(this.#panel, needed && el("div", { class: "card" }, ...this.#content(() => {})));
  }

  /** Ask in a dialog. */
  open() {
    if (!this.#panel.hidden) {
      this.#panel.querySelector("input")?.focus();
      return;
    }
    const opened = dialog(...this.#content(() => opened.close()));
  }

  /** @param {() => void} done */
  #content(done) {
    return this.#session.registered ? this.#signingIn(done) : this.#registering(done);
  }

  /** @param {() => void} done */
  #signingIn(done) {
    return [
      el("h2", { text: "Sign in" }),
      form({
        name: "Sign in",
        inputs: [
          { name: "name", label: "Name", autocomplete: "username", attributes: { required: true, autofocus: true } },
          { name: "password", label: "Password", type: "password", autocomplete: "current-password", attributes: { required: true } },
        ],
        submit: "Sign in",
        action: async ({ name, password }) => {
          await this.#session.signIn(name, password);
          done();
        },
      }),
      help("Forgotten the password?", "Another owner can give you a new one. Or, in a terminal on the camera:", "user reset NAME"),
    ];
  }

  /** @param {() => void} done */
  #registering(done) {
    return [
      el("h2", { text: "Set up" }),
      el("p", { text: "The person who sets up the camera becomes its owner: the owner controls it and decides who may watch. The setup code proves that you have access to the machine." }),
      help("Where is the setup code?", "In the terminal in which Stillcam was started, and in the file data/setup-code. A command prints it, too:", "code"),
      form({
        name: "Set up",
        inputs: [
          { name: "code", label: "Setup code", hint: "Twelve letters and digits, like EX55-5TKC-C9W5", attributes: { required: true, autofocus: true } },
          { name: "name", label: "Your name", autocomplete: "username", attributes: { required: true } },
          { name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "8 characters or more", attributes: { required: true } },
        ],
        submit: "Set up",
        action: async ({ code, name, password }) => {
          try {
            await this.#session.register(code, name, password);
          } catch (error) {
            if (error instanceof Refused && error.status === 409) await this.#session.refresh();
            throw error;
          }
          done();
        },
      }),
    ];
  }
}

/** @param {string} question @param {string} text @param {string} command  of the command line */
function help(question, text, command) {
  return el("details", { class: "help" }, el("summary", { text: question }), el("p", {}, `${text} `, el("code", { text: `sudo stillcam ${command}` }), " or, if it is not installed, in its folder ", el("code", { text: `./stillcam ${command}` })));
}
