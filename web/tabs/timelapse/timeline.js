// @ts-check
/**
 * What was taken, missed and is planned, along the time: drawn on a canvas, and in words and as a table for who
 * does not see it. A click leads to the picture taken then.
 */

import { inZone, zoneNote } from "../../base/camera-time.js";
import { el, fill, uniqueId } from "../../base/dom.js";
import { counted } from "./words.js";

/** @typedef {import("./api.js").Timeline} Data */

const HEIGHT = 72;
const AXIS = 20;
const ROWS = 24; // of the table
const LEGEND = /** @type {const} */ ([["taken", "--accent", "Taken"], ["missed", "--bad", "Missed"], ["planned", "--line", "Planned"]]);

export class Timeline {
  element;
  /** @type {Data | null} */
  #data = null;
  /** When the picture on the screen was taken. @type {number | null} */
  #mark = null;
  #now_ms = 0;
  /** Of the camera's clock. */
  #zone = "UTC";
  #words = uniqueId("timeline");
  #canvas = el("canvas", { class: "timeline-canvas", role: "img", "aria-describedby": this.#words });
  #summary = el("p", { class: "hint", id: this.#words });
  #table = el("div", { class: "timeline-table", tabindex: 0, role: "region", "aria-label": "Timeline as a table" });
  #details = el("details", {}, el("summary", {}, "As a table"), this.#table);
  #onTime;

  /** @param {(taken: number) => void} onTime  called with the number of pictures taken by the time that was clicked */
  constructor(onTime) {
    this.#onTime = onTime;
    this.element = el("section", { class: "timeline", "aria-label": "Timeline" }, el("h3", { text: "Timeline" }), this.#canvas,
      el("ul", { class: "timeline-legend" }, LEGEND.map(([name, , words]) => el("li", { "data-what": name, text: words }))), this.#summary, this.#details);
    this.#canvas.setAttribute("aria-label", "Timeline of the series");
    this.#canvas.addEventListener("click", (/** @type {MouseEvent} */ event) => this.#clicked(event));
    this.#details.addEventListener("toggle", () => this.#fillTable());
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** How many buckets there is room for. */
  get buckets() {
    return Math.max(50, Math.min(400, Math.round(this.#canvas.clientWidth / 3)));
  }

  /** @param {Data} data @param {number} now_ms @param {string} zone */
  show(data, now_ms, zone) {
    this.#zone = zone;
    this.#data = data;
    this.#now_ms = now_ms;
    const [taken, missed, planned] = [data.taken, data.missed, data.planned].map(sum);
    const words = [counted(taken, "picture"), " taken", missed ? `, ${missed.toLocaleString("en")} missed` : "", planned ? `, ${planned.toLocaleString("en")} still planned` : ""];
    this.#summary.textContent = `${when(data.from, zone)} to ${when(data.to, zone)}${zoneNote(data.to, zone)}: ${words.join("")}.`;
    this.#draw();
    this.#fillTable();
  }

  /** @param {string} time  of the picture that is looked at */
  mark(time) {
    this.#mark = Date.parse(time);
    this.#draw();
  }

  #draw() {
    const data = this.#data;
    const width = this.#canvas.clientWidth;
    if (!data || !width) return;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round((HEIGHT + AXIS) * scale);
    const pen = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    pen.scale(scale, scale);
    const style = getComputedStyle(this.#canvas);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const [from, to] = [Date.parse(data.from), Date.parse(data.to)];
    const at = (/** @type {number} */ time) => (to > from ? ((time - from) / (to - from)) * width : 0);
    const most = Math.max(1, ...data.taken.map((taken, index) => taken + data.missed[index] + data.planned[index]));
    pen.fillStyle = colour("--well");
    pen.fillRect(0, 0, width, HEIGHT);
    const wide = width / Math.max(1, data.taken.length);
    data.taken.forEach((_, index) => {
      let foot = HEIGHT;
      for (const [what, name] of LEGEND) {
        const count = data[what][index];
        if (!count) continue;
        const high = Math.max(2, (count / most) * (HEIGHT - 6));
        pen.fillStyle = colour(name);
        pen.fillRect(index * wide, foot - high, Math.max(1, wide - (wide > 4 ? 1 : 0)), high);
        foot -= high;
      }
    });
    pen.fillStyle = colour("--text");
    if (this.#now_ms > from && this.#now_ms < to) pen.fillRect(at(this.#now_ms), 0, 1, HEIGHT);
    if (this.#mark !== null && this.#mark >= from && this.#mark <= to) {
      const x = at(this.#mark);
      pen.fillRect(x - 1, 0, 2, HEIGHT);
      pen.beginPath();
      pen.moveTo(x - 5, 0);
      pen.lineTo(x + 5, 0);
      pen.lineTo(x, 7);
      pen.fill();
    }
    this.#axis(pen, width, from, to, style);
  }

  /** Times below the bars, as many as there is room for. @param {CanvasRenderingContext2D} pen @param {number} width @param {number} from @param {number} to @param {CSSStyleDeclaration} style */
  #axis(pen, width, from, to, style) {
    pen.fillStyle = style.getPropertyValue("--muted").trim();
    pen.font = `12px ${style.fontFamily}`;
    pen.textBaseline = "bottom";
    const count = Math.max(2, Math.min(6, Math.floor(width / 130)));
    const how = format(to - from);
    for (let index = 0; index < count; index++) {
      const part = index / (count - 1);
      pen.textAlign = part === 0 ? "left" : part === 1 ? "right" : "center";
      pen.fillText(inZone(from + (to - from) * part, this.#zone, how), part * width, HEIGHT + AXIS);
    }
  }

  #fillTable() {
    const data = this.#data;
    if (!data || !this.#details.open) return;
    const each = Math.ceil(data.taken.length / ROWS);
    const how = format(Date.parse(data.to) - Date.parse(data.from));
    const rows = [];
    for (let first = 0; first < data.taken.length; first += each) {
      const cells = LEGEND.map(([what]) => sum(data[what].slice(first, first + each)));
      const begin = Date.parse(data.from) + first * data.step_s * 1000;
      rows.push(el("tr", {}, el("th", { scope: "row", text: inZone(begin, this.#zone, how) }), cells.map((count) => el("td", { text: count.toLocaleString("en") }))));
    }
    fill(this.#table, el("table", {}, el("thead", {}, el("tr", {}, ["From", ...LEGEND.map(([, , words]) => words)].map((text) => el("th", { scope: "col", text })))), el("tbody", {}, rows)));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const data = this.#data;
    if (!data) return;
    const index = Math.floor((event.offsetX / this.#canvas.clientWidth) * data.taken.length);
    this.#onTime(sum(data.taken.slice(0, index)));
  }
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** @param {string} time @param {string} zone */
const when = (time, zone) => inZone(time, zone, { dateStyle: "medium", timeStyle: "short" });

/** Times as short as a stretch of this length allows. @param {number} span_ms @returns {Intl.DateTimeFormatOptions} */
const format = (span_ms) =>
  span_ms > 3 * 86_400_000 ? { day: "numeric", month: "short" }
    : span_ms > 86_400_000 ? { weekday: "short", hour: "2-digit", minute: "2-digit" }
      : span_ms > 600_000 ? { hour: "2-digit", minute: "2-digit" } : { hour: "2-digit", minute: "2-digit", second: "2-digit" };
