// @ts-check
/** One series: state, commands, pictures, timeline and films. */

import { confirm } from "../../base/dialogs.js";
import { el, fill } from "../../base/dom.js";
import { errorText, size } from "../../base/text.js";
import { zipDownload } from "./download.js";
import { Films } from "./films.js";
import { chip } from "./list.js";
import { Scrub } from "./scrub.js";
import { Timeline } from "./timeline.js";
import { counted, fills, moment, sentenceOf, share, within } from "./words.js";

/** @typedef {import("./api.js").Summary} Summary */
/** @typedef {import("./api.js").Command} Command */

const DAY_MS = 86_400_000;

/** What can be done in each state, the likeliest first. @type {Record<Summary["state"], [Command, string][]>} */
const COMMANDS = {
  planned: [["start", "Start now"]],
  running: [["pause", "Pause"], ["finish", "Finish"]],
  paused: [["resume", "Resume"], ["finish", "Finish"]],
  failed: [["resume", "Try again"], ["finish", "Finish"]],
  finished: [],
};

export class SeriesShow {
  element;
  /** @type {Summary | null} */
  #summary = null;
  #state = "";
  #series;
  #on;
  #may;
  #scrub;
  #timeline;
  #zip;
  #films;
  #name = el("h2", { tabindex: -1 });
  #chip = chip();
  #when = el("span", { class: "series-next" });
  #actions = el("div", { class: "actions" });
  #plan = el("p", { class: "plan-sentence" });
  #why = el("p", { class: "problem" });
  #bar = el("progress", { max: 1, "aria-label": "Progress" });
  #facts = el("dl", { class: "series-terms" });

  /**
   * @param {import("./api.js").SeriesApi} series
   * @param {any} context
   * @param {{back: string, change: (summary: Summary) => void, changed: (summary: Summary) => void, deleted: (name: string) => void}} on
   *   `back` is the address of the list
   */
  constructor(series, context, on) {
    this.#series = series;
    this.#on = on;
    this.#may = context.session.may.control;
    this.#timeline = new Timeline((taken) => this.#goTo(taken));
    this.#scrub = new Scrub(series, (time) => this.#timeline.mark(time));
    this.#zip = zipDownload(series);
    this.#films = new Films(series, this.#may, context.say);
    this.element = el("article", { class: "series-show" },
      el("header", { class: "series-head" }, el("a", { class: "series-back", href: on.back, text: "All series" }),
        el("div", { class: "series-title" }, this.#name, this.#chip.element, this.#when), this.#actions),
      el("div", { class: "series-main" }, this.#scrub.element,
        el("section", { class: "card series-about", "aria-label": "State" }, this.#plan, this.#why, this.#bar, this.#facts)),
      this.#timeline.element, this.#zip.element, this.#films.element);
  }

  /** @param {Summary} summary @param {number} now_ms */
  show(summary, now_ms) {
    this.#summary = summary;
    this.element.setAttribute("aria-label", summary.name);
    this.element.dataset.state = summary.state;
    this.#name.textContent = summary.name;
    this.#chip.show(summary.state);
    this.#plan.textContent = sentenceOf(summary.definition, new Date(now_ms), summary.zone);
    this.#why.textContent = summary.why ?? "";
    const part = share(summary);
    this.#bar.hidden = part === null;
    if (part !== null) this.#bar.value = part;
    fill(this.#facts, facts(summary, new Date(now_ms)).map(([term, text]) => [el("dt", { text: term }), el("dd", { text })]).flat());
    if (summary.state !== this.#state) this.#offer(summary.state);
    this.#scrub.show(summary);
    this.#zip.show(summary);
    this.#films.show(summary);
    this.tick(now_ms);
  }

  /** Count down. @param {number} now_ms */
  tick(now_ms) {
    const { state = "", next = null } = this.#summary ?? {};
    const waits = next && (state === "running" || state === "planned");
    this.#when.textContent = waits ? `next ${within((Date.parse(next) - now_ms) / 1000)}` : "";
  }

  /** Ask for what changes while the series runs. @param {number} now_ms */
  async renew(now_ms) {
    const name = this.#summary?.name;
    if (!name) return;
    const [timeline] = await Promise.allSettled([this.#series.timeline(name, this.#timeline.buckets), this.#films.renew()]);
    if (timeline.status === "fulfilled" && name === this.#summary?.name) this.#timeline.show(timeline.value, now_ms, this.#summary.zone);
  }

  focus() {
    this.#name.focus({ preventScroll: true });
  }

  stop() {
    this.#scrub.stop();
  }

  /** @param {Summary["state"]} state */
  #offer(state) {
    this.#state = state;
    if (!this.#may) return;
    const button = (/** @type {string} */ text, /** @type {() => void} */ act, kind = "") => el("button", { type: "button", class: kind, onclick: act, text });
    fill(this.#actions, COMMANDS[state].map(([command, words], index) => button(words, () => this.#act(command), index ? "" : "primary")),
      state !== "finished" && button("Change", () => this.#summary && this.#on.change(this.#summary)),
      button("Delete", () => this.#delete(), "danger"));
  }

  /** @param {Command} command */
  async #act(command) {
    const name = this.#summary?.name ?? "";
    const act = async () => this.#on.changed(await this.#series.act(name, command));
    if (command === "finish") {
      await confirm({ title: `Finish ${name}?`, text: "It takes no more pictures and cannot be resumed. Its pictures and films are kept.", yes: "Finish", action: act });
      return;
    }
    const buttons = [...this.#actions.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    this.#why.textContent = "";
    try {
      await act();
    } catch (error) {
      this.#why.textContent = errorText(error);
    }
    for (const button of buttons) button.disabled = false;
    if (document.activeElement === document.body) this.#actions.querySelector("button")?.focus(); // its button may be another one now
  }

  async #delete() {
    if (!this.#summary) return;
    const { name, taken, bytes } = this.#summary;
    const text = taken ? `${counted(taken, "picture")} (${size(bytes)}) and its films are deleted too. This cannot be undone.` : "This cannot be undone.";
    if (await confirm({ title: `Delete ${name}?`, text, yes: "Delete", action: () => this.#series.delete(name) })) this.#on.deleted(name);
  }

  /** Look at the picture before which so many were taken: its number, as far as none was thinned away. @param {number} taken */
  #goTo(taken) {
    const { last, taken: all } = this.#summary ?? { last: null, taken: 0 };
    if (last && all) this.#scrub.go(Math.round((taken / all) * last.n));
  }
}

/** @param {Summary} summary @param {Date} now @returns {[string, string][]} */
function facts({ state, taken, missed, planned, bytes, last, ends, forecast, zone }, now) {
  const over = state === "finished";
  /** @type {[string, string | null | false][]} */
  const rows = [
    ["Taken", planned ? `${taken.toLocaleString("en")} of ${planned.toLocaleString("en")}` : taken.toLocaleString("en")],
    ["Missed", missed > 0 && missed.toLocaleString("en")],
    ["Newest", last && moment(last.time, now, zone)],
    ["Ends", !over && ends && moment(ends, now, zone)],
    ["Time zone", zone],
    ["Size", bytes > 0 && size(bytes)],
    ["Per day", !over && !(ends && Date.parse(ends) - now.getTime() < DAY_MS) && forecast.bytes_per_day > 0 && `about ${size(forecast.bytes_per_day)}`],
    ["Disk", !over && fills(forecast.full, now, zone)],
  ];
  return /** @type {[string, string][]} */ (rows.filter(([, text]) => text));
}
