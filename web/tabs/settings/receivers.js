// @ts-check
/** What a row of the lists of receivers has beside its text: the last result, a test, and the address. For owners. */

import { dialog } from "../../base/dialogs.js";
import { el, write } from "../../base/dom.js";
import { errorText } from "../../base/text.js";
import { form } from "../../base/form.js";

/** @typedef {{time: string, type: string, error: string | null, note: string | null}} Attempt */
/** @typedef {{row: string, problem: string | null, last: Attempt | null}} Receiver */

const APPRISE = "Apprise sends the messages. Its documentation shows the address of each service, such as ntfy://ntfy.sh/my-topic or mailto://user:password@gmail.com.";

/** @param {any} context */
export function receivers({ api, say }) {
  /** By the text of the row: shows what is known of the receiver. @type {Map<string, (receiver: Receiver) => void>} */
  const rows = new Map();

  async function renew() {
    if (!rows.size) return;
    try {
      const { receivers: all } = await api.get("api/notifications");
      for (const one of all) rows.get(one.row)?.(one);
    } catch (error) {
      say(errorText(error), { error: true });
    }
  }

  /** @param {string} row */
  function inRow(row) {
    const name = row.split(" ")[0];
    const state = el("span", { class: "hint receiver-state" });
    const tester = el("button", { type: "button", text: "Test", "aria-label": `Test ${name}`, onclick: test });
    const address = name.includes(":") ? null
      : el("button", { type: "button", text: "Address…", "aria-label": `Address of ${name}`, onclick: enterAddress });
    const show = (/** @type {Receiver} */ receiver) => write(state, stateOf(receiver));
    rows.set(row, show);

    async function test() {
      tester.disabled = true;
      state.setAttribute("role", "status"); // only what a person has asked for is read aloud
      write(state, "Sending a test message…");
      try {
        show(await api.send("POST", "api/notifications/test", { row }));
      } catch (error) {
        write(state, errorText(error));
      }
      tester.disabled = false;
    }
    function enterAddress() {
      const opened = dialog(el("h2", { text: `Address of ${name}` }),
        el("p", { text: name === "mqtt" ? "The address of the broker, for example mqtt://user:password@homeassistant.local." : APPRISE }),
        form({
          inputs: [{ name: "address", label: "Address", type: "password", hint: "It is stored on the camera, and not shown again.", attributes: { required: true } }],
          submit: "Save",
          action: async (values) => {
            await api.send("POST", `api/notifications/addresses/${name}`, values);
            opened.close();
            await renew();
          },
        }));
    }

    return [state, tester, address];
  }

  return { renew, inRow };
}

/** What to show of a receiver. @param {Receiver} receiver */
function stateOf({ problem, last }) {
  if (problem) return sentence(problem);
  if (!last) return "No message sent since the server started.";
  const when = new Date(last.time).toLocaleString();
  const what = last.type === "test" ? "Test message" : `Message ${last.type}`;
  if (last.error) return `${what} not accepted (${when}): ${last.error}.`;
  return last.note ? `${what} accepted (${when}), but ${last.note}.` : `${what} accepted (${when}).`;
}

/** @param {string} text */
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
