// @ts-check
/**
 * The newest picture with the stamp as the fields beside it say, also while somebody types: nothing is saved for it.
 * The server makes it. One request runs at a time; what changes meanwhile is in the next.
 */

import { pictureSize } from "../../base/automatic-size.js";
import { el, fill, write } from "../../base/dom.js";
import { select } from "../../base/fields.js";
import { textOf } from "../../base/setting-texts.js";
import { errorText } from "../../base/text.js";
import { ask, Refused } from "../../server/api.js";

const LIMIT_MS = 30_000;
const AGAIN_MS = 2_000; // at least, after the request of another page has ended ours
const FIELDS = ["text", "time_format", "corner", "size"];

/** The use, its name, whose size its pictures have ("": those that are published), and how they are called. */
const USES = [
  ["live", "Live, snapshots", "", "Live pictures and snapshots"],
  ["photo", "Photo", "photo", "Photos"],
  ["series", "Timelapse", "photo", "Pictures of a timelapse"],
  ["video", "Video", "video", "Videos"],
  ["motion", "Motion", "live", "Motion recordings"],
];

/**
 * @param {any} context
 * @param {HTMLElement} place  in the card with the fields; the preview is renewed while it is not hidden
 */
export function show({ settings, status }, place) {
  const card = /** @type {HTMLElement} */ (place.closest(".settings-card"));
  const picture = el("img", { alt: "", hidden: true });
  const problem = el("p", { class: "problem" });
  const note = el("p", { class: "hint", text: "Loading…" });
  const use = select(USES.map(([name, text]) => [name, text]), { "aria-label": "Pictures to preview" });
  use.value = settings.get("stamp.uses")[0] ?? "live";
  let wanted = false;
  let busy = false;

  /** What the fields say, entered or not. */
  const edited = () => Object.fromEntries(FIELDS.map((name) => {
    const input = /** @type {HTMLInputElement} */ (card.querySelector(`[data-setting="stamp.${name}"] :is(input, select)`));
    const value = input.value.trim();
    return [name, input.type === "number" ? (value === "" ? null : Number(value)) : value];
  }));

  /** The proportions of the pictures of the chosen use, as shown. */
  function query() {
    const [, , configuration] = chosen();
    const size = configuration && pictureSize((name) => settings.get(name), status.latest?.capture.camera?.size, configuration);
    if (!size) return "";
    const turned = settings.get("camera.rotation") % 180 ? [size[1], size[0]] : size;
    return `?shape=${turned.join("x")}`;
  }

  const chosen = () => /** @type {string[]} */ (USES.find(([name]) => name === use.value));

  async function request() {
    const [name, , , pictures] = chosen();
    const blob = await ask(`api/stamp/preview${query()}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(edited()), limit_ms: LIMIT_MS,
    }, (response) => response.blob());
    const before = picture.src;
    picture.src = URL.createObjectURL(blob);
    await picture.decode();
    if (before) URL.revokeObjectURL(before);
    picture.alt = `The newest picture with this stamp, as in ${pictures.toLowerCase()}`;
    picture.hidden = false;
    measure();
    write(note, settings.get("stamp.uses").includes(name) ? "" : `${pictures} have no stamp yet.`);
  }

  /** The picture stays below the header; a field that gets the focus is scrolled to below both. */
  function measure() {
    const header = document.querySelector(".frame")?.clientHeight ?? 0;
    card.style.setProperty("--preview-top", `${header}px`);
    card.style.setProperty("--preview-end", `${header + picture.clientHeight}px`);
  }

  async function renew() {
    wanted = true;
    if (busy) return;
    busy = true;
    while (wanted && !place.hidden) {
      wanted = false;
      const error = await request().then(() => "", (failure) => failure);
      const refused = error instanceof Refused ? error : null;
      if (refused?.status === 409) setTimeout(renew, AGAIN_MS * (1 + Math.random()));
      else if (!wanted) write(problem, errorText(error, refused?.field ? textOf(refused.field).label : ""));
      if (error && picture.hidden) write(note, "");
    }
    busy = false;
  }

  use.addEventListener("change", renew);
  card.addEventListener("input", renew);
  settings.subscribe(renew);
  // A value that was refused springs back without an event.
  new MutationObserver(renew).observe(card, { subtree: true, attributeFilter: ["data-state"] });
  fill(place, use, note, problem);
  place.after(picture); // beside the fields: it can follow them
  return { renew };
}
