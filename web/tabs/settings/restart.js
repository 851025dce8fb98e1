// @ts-check
/** What waits for a restart of the server, and the button that restarts it. */

import { el, write } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { textOf } from "../../base/setting-texts.js";

const LOOK_MS = 500; // from one look whether it is back to the next
const LIMIT_MS = 60_000;

/**
 * @param {any} context
 * @param {boolean} owner  others may not restart it
 */
export function restartNotice({ api, settings, say }, owner) {
  const text = el("p", { role: "status" });
  const link = el("a", { hidden: true });
  const problem = el("p", { class: "problem", role: "alert" });
  const button = el("button", { type: "button", class: "primary", text: "Restart", onclick: restart });
  const element = el("div", { class: "restart", hidden: true }, text, link, button, problem);
  let busy = false;

  async function restart() {
    problem.textContent = "";
    const moved = newAddress();
    busy = button.disabled = true;
    try {
      await api.send("POST", "api/restart");
      text.textContent = "The server is restarting. Photos, videos and series continue.";
      if (moved) tell(moved);
      else await back();
    } catch (error) {
      problem.textContent = errorText(error);
    } finally {
      busy = button.disabled = false;
      show();
    }
  }

  /** Until the server answers, and nothing waits for a restart any more. */
  async function back() {
    for (const end = performance.now() + LIMIT_MS; performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (await settings.load().then((/** @type {any} */ document) => !document.restart.length, () => false)) {
        say("The server has been restarted.");
        return;
      }
    }
    throw new Error(`The server has not restarted within ${LIMIT_MS / 1000} s: run stillcam log on the Pi to see why.`);
  }

  /** The page's address where it is another one after the restart, because TLS is switched. */
  function newAddress() {
    if (!settings.document.restart.includes("server.tls_certificate")) return "";
    const scheme = settings.get("server.tls_certificate") ? "https:" : "http:";
    return scheme === location.protocol ? "" : location.href.replace(location.protocol, scheme);
  }

  /** The browser does not let this page look whether the other address answers. @param {string} address */
  function tell(address) {
    link.href = link.textContent = address;
    link.hidden = false;
    button.hidden = true;
    text.textContent = "The server is restarting. In a few seconds, open:";
  }

  function show() {
    const names = settings.document?.restart ?? [];
    if (busy || !link.hidden) return;
    element.hidden = !names.length && !problem.textContent;
    button.hidden = !owner;
    const labels = names.map((/** @type {string} */ name) => textOf(name).label);
    write(text, `Restart the server to apply: ${labels.join(", ")}.`);
  }

  return { element, show };
}
