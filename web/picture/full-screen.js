// @ts-check
/** Full screen: bar and tools hide while the pointer rests. */

const IDLE_MS = 3_000;

/**
 * Let `button` show `region` on the full screen; hide it where the browser cannot (iPhones).
 * `region` has the attribute `data-idle` while nobody has moved or typed there for a while.
 * @param {HTMLElement} region
 * @param {HTMLElement} button
 */
export function fullScreen(region, button) {
  if (!document.fullscreenEnabled) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else region.requestFullscreen({ navigationUI: "hide" });
  });

  let timer = 0;
  const stir = () => {
    clearTimeout(timer);
    region.removeAttribute("data-idle");
    if (document.fullscreenElement) timer = setTimeout(() => region.setAttribute("data-idle", ""), IDLE_MS);
  };
  document.addEventListener("fullscreenchange", () => {
    button.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    stir();
  });
  for (const kind of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(kind, stir);
}
