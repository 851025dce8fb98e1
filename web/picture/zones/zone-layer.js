// @ts-check
/** Zones over the picture, changed by mouse, touch and keyboard: the selected one as a whole, and each of its corners. */

import { drag } from "./drag.js";
import { MOST_CORNERS, movedBy, onSensor, outline, withCornerAfter, withCornerAt, withoutCorner } from "./zone.js";
import { whereabouts, ZoneShapes } from "./zone-shapes.js";

/** @typedef {import("./zone.js").Point} Point */
/** @typedef {import("./zone.js").Zone} Zone */

/**
 * @typedef {object} Manner
 * @property {(index: number) => void} selected  a person has chosen this zone
 * @property {(index: number, zone: Zone | null, done: boolean) => void} changed  null: deleted; not `done`: more will follow
 * @property {(text: string) => void} said       for screen readers
 */

const STEP = 0.02; // of the picture, for each press of an arrow key ...
const FINE_STEP = 0.002; // ... and with Shift
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class ZoneLayer {
  /** What is over the picture. */
  shapes;
  #picture;
  #manner;
  /** @type {Zone[]} */
  #zones = [];
  #selected = -1;
  /** Of what a person drags. @type {AbortController | null} */
  #drag = null;

  /** @param {import("./picture.js").ZonePicture} picture @param {string} word  what one is called @param {Manner} manner */
  constructor(picture, word, manner) {
    this.#picture = picture;
    this.#manner = manner;
    this.shapes = new ZoneShapes(picture, word, {
      zone: (event, index) => (event instanceof PointerEvent ? this.#grasp(event, index) : this.#zoneKey(event, index)),
      corner: (event, index, adds) => (event instanceof PointerEvent ? this.#pull(event, index, adds) : this.#cornerKey(event, index)),
    });
    new ResizeObserver(() => this.#draw()).observe(this.shapes.element);
  }

  /** @param {Zone[]} zones @param {number} selected  -1: none */
  show(zones, selected) {
    this.#zones = zones;
    this.#selected = selected;
    this.#draw();
  }

  /** End what a person drags, without a change: the zones are other ones now. @returns {boolean} whether there was anything */
  cancel() {
    const dragged = this.#drag !== null;
    this.#drag?.abort();
    return dragged;
  }

  #draw() {
    this.shapes.show(this.#zones, this.#selected, this.#drag !== null);
  }

  /** Take hold of a zone. @param {PointerEvent} event @param {number} index */
  #grasp(event, index) {
    if (index !== this.#selected) {
      if (event.isPrimary && !event.button) this.#manner.selected(index);
      return; // a phone still scrolls by a finger on it
    }
    const zone = this.#zones[index];
    const from = this.#picture.toSensor(this.shapes.point(event));
    this.#follow(event, (point) => {
      const to = this.#picture.toSensor(point);
      return movedBy(zone, [to[0] - from[0], to[1] - from[1]], this.#picture.sensor);
    });
    this.shapes.focus();
  }

  /** @param {PointerEvent} event @param {number} index  of a corner @param {boolean} adds  one after it */
  #pull(event, index, adds) {
    const zone = this.#zones[this.#selected];
    const corners = outline(zone).map((point) => this.#picture.fromSensor(point));
    const next = corners[(index + 1) % corners.length];
    const from = this.shapes.point(event);
    this.#follow(event, (point) => {
      const [u, v] = [0, 1].map((axis) => {
        const start = adds ? (corners[index][axis] + next[axis]) / 2 : corners[index][axis];
        return Math.min(1, Math.max(0, start + point[axis] - from[axis]));
      });
      const at = this.#onSensor([u, v]);
      return adds ? withCornerAfter(zone, index, at) : withCornerAt(zone, index, at);
    });
    this.shapes.focus(adds ? index + 1 : index);
  }

  /** @param {PointerEvent} event @param {(point: Point) => Zone} changed  the zone with the pointer at this point of the picture */
  #follow(event, changed) {
    const index = this.#selected;
    const before = this.#zones[index];
    const ended = new AbortController();
    const begun = drag(event, ended.signal, {
      moved: (now) => this.#manner.changed(index, changed(this.shapes.point(now)), false),
      ended: (last) => {
        this.#drag = null;
        this.#manner.changed(index, last ? changed(this.shapes.point(last)) : before, last !== null);
      },
    });
    if (begun) this.#drag = ended;
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #zoneKey(event, index) {
    const by = this.#step(event);
    if (by) this.#manner.changed(index, movedBy(this.#zones[index], by, this.#picture.sensor), true);
    else if (deletes(event)) this.#manner.changed(index, null, true);
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #cornerKey(event, index) {
    const zone = this.#zones[this.#selected];
    const corners = outline(zone);
    const [x, y] = corners[index];
    const [nextX, nextY] = corners[(index + 1) % corners.length];
    const by = this.#step(event);
    if (by) {
      const to = onSensor([x + by[0], y + by[1]], this.#picture.sensor);
      this.#manner.changed(this.#selected, withCornerAt(zone, index, to), true);
      this.#manner.said(whereabouts(this.#picture.fromSensor(to)));
    } else if (deletes(event) && corners.length > 3) {
      this.#manner.changed(this.#selected, withoutCorner(zone, index), true);
      this.shapes.focus(Math.max(0, index - 1));
    } else if (event.key === "+" && corners.length < MOST_CORNERS) {
      this.#manner.changed(this.#selected, withCornerAfter(zone, index, onSensor([(x + nextX) / 2, (y + nextY) / 2], this.#picture.sensor)), true);
      this.shapes.focus(index + 1);
    } else return;
    event.preventDefault();
  }

  /** By how much an arrow key moves, in pixels of the sensor; null: it is another key. @param {KeyboardEvent} event @returns {Point | null} */
  #step({ key, shiftKey, ctrlKey, altKey, metaKey }) {
    const arrow = ARROWS[key];
    if (!arrow || ctrlKey || altKey || metaKey) return null;
    const step = shiftKey ? FINE_STEP : STEP;
    const [from, to] = [this.#picture.toSensor([0, 0]), this.#picture.toSensor([arrow[0] * step, arrow[1] * step])];
    return [to[0] - from[0], to[1] - from[1]];
  }

  /** @param {Point} point  of the picture */
  #onSensor(point) {
    return onSensor(this.#picture.toSensor(point), this.#picture.sensor);
  }
}

/** @param {KeyboardEvent} event */
const deletes = ({ key }) => key === "Delete" || key === "Backspace";
