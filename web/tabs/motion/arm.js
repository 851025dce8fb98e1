// @ts-check
/** The switch that arms the camera, with what the camera does about motion now, in words. */

import { inZone, wall } from "../../base/camera-time.js";
import { el, write } from "../../base/dom.js";
import { duration, errorText, sentence } from "../../base/text.js";
import { tabLink } from "../../base/tab-link.js";
import { armState } from "./words.js";

const TICK_MS = 1_000;
const SILENT_S = 15;

export class ArmCard {
  element;
  #context;
  #switch = el("button", { type: "button", role: "switch", class: "motion-switch", onclick: () => this.#toggle() },
    el("span", { class: "switch", "aria-hidden": "true" }), el("span", { text: "Armed" }));
  #word = el("strong");
  #sentence = el("span");
  #lasts = el("span", { "aria-hidden": "true" });
  #state = el("p", { class: "motion-state", role: "status" }, el("span", { class: "mark", "aria-hidden": "true" }), this.#word, " ", this.#sentence, " ", this.#lasts);
  #problem = el("p", { class: "problem", role: "alert" });
  #profile = el("p", { class: "hint" });
  #advice;
  /** On its way to the server. @type {boolean | null} */
  #wanted = null;
  /** Of the camera's clock; "": not known yet. */
  #zone = "";
  #timer = 0;
  #unsubscribe = () => {};

  /** @param {any} context */
  constructor(context) {
    this.#context = context;
    this.#advice = el("div", { class: "motion-advice" },
      el("p", { text: "An armed camera records what moves, with the seconds before it, even while nobody watches." }),
      el("p", { class: "hint" }, "It streams video all the time, which needs somewhat more power and processor time than the live view. Recordings go to ",
        tabLink(context, "photos", "Photos"), "; how long they are kept is set in ", tabLink(context, "settings", "Settings"), ", Storage."));
    this.element = el("section", { class: "card motion-arm", "aria-label": "Motion detection" },
      el("div", { class: "motion-head" }, el("h2", { text: "Motion" }), this.#switch), this.#state, this.#problem, this.#profile, this.#advice);
    context.settings.subscribe(() => this.#show());
    this.#show();
  }

  shown() {
    this.#unsubscribe = this.#context.status.subscribe(() => this.#show());
    this.#timer = window.setInterval(() => document.hidden || this.#show(), TICK_MS);
    this.#show();
    this.#askZone();
  }

  hidden() {
    this.#unsubscribe();
    clearInterval(this.#timer);
  }

  get #armed() {
    return this.#wanted ?? this.#context.settings.get("motion.armed") ?? false;
  }

  async #askZone() {
    try {
      this.#zone ||= (await this.#context.api.get("api/series")).zone;
      this.#show();
    } catch {
      // Asked again when the tab is shown again; the sentences leave the time out until then.
    }
  }

  async #toggle() {
    if (this.#wanted !== null) return;
    const armed = !this.#armed;
    this.#wanted = armed;
    this.#switch.setAttribute("aria-busy", "true");
    write(this.#problem, "");
    this.#show();
    try {
      const { notice } = await this.#context.api.send("POST", "api/motion/arm", { armed });
      await this.#context.settings.refresh();
      if (notice) write(this.#problem, sentence(notice));
    } catch (error) {
      write(this.#problem, `The camera is not ${armed ? "armed" : "disarmed"}. ${errorText(error)}`);
    } finally {
      this.#wanted = null;
      this.#switch.removeAttribute("aria-busy");
      this.#show();
    }
  }

  #show() {
    const { status } = this.#context;
    const armed = this.#armed;
    const { kind, word, sentence: text, since } = armState({
      silent: (status.age_s ?? 0) > SILENT_S, armed, capture: status.latest?.capture, at: (time) => this.#at(time),
    });
    this.#switch.setAttribute("aria-checked", String(armed));
    this.#state.dataset.kind = kind;
    write(this.#word, word);
    write(this.#sentence, text);
    write(this.#lasts, since ? `${duration(Date.now() + status.ahead_ms - Date.parse(since))}.` : "");
    this.#advice.hidden = armed;
    const set = this.#context.settings.setBy("motion.armed");
    this.#profile.hidden = !set;
    write(this.#profile, set && `${set} If you switch it here, that holds until another profile is active.`);
  }

  /** A UTC time by the camera's clock, with the day where it is another one; "": its zone is not known. @param {string} time */
  #at(time) {
    if (!this.#zone) return "";
    const today = wall(Date.now() + this.#context.status.ahead_ms, this.#zone).slice(0, 10) === wall(time, this.#zone).slice(0, 10);
    return inZone(time, this.#zone, { weekday: today ? undefined : "long", hour: "2-digit", minute: "2-digit" });
  }
}
