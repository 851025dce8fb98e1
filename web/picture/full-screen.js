// @ts-check
/** The camera on the full screen. */

const IDLE_MS = 3_000; // then bar and tools hide there

/** Let `button` show the camera on the full screen, with the attribute `data-idle` while nobody moves or types there. @param {HTMLElement} camera @param {HTMLElement} button */
export function offerFullScreen(camera, button) {
  button.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else camera.requestFullscreen({ navigationUI: "hide" });
  });

  let timer = 0;
  const stir = () => {
    clearTimeout(timer);
    camera.removeAttribute("data-idle");
    if (document.fullscreenElement) timer = setTimeout(() => camera.setAttribute("data-idle", ""), IDLE_MS);
  };
  document.addEventListener("fullscreenchange", () => {
    button.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    stir();
  });
  for (const kind of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(kind, stir);
}
