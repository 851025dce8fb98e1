// @ts-check
/** The dialog to change one's password. */

import { send } from "../server/api.js";
import { dialog } from "../base/dialogs.js";
import { el } from "../base/dom.js";
import { form } from "../base/form.js";

/**
 * @param {import("../server/session.js").Session} session
 * @param {typeof import("../base/toasts.js").say} say
 */
export function changePassword(session, say) {
  const opened = dialog(
    el("h2", { text: "Change password" }),
    form({
      name: "Change password",
      inputs: [
        // For password managers: whose password it is.
        { name: "name", label: "Name", autocomplete: "username", value: session.user?.name, attributes: { readonly: true } },
        { name: "old", label: "Old password", type: "password", autocomplete: "current-password", attributes: { required: true, autofocus: true } },
        { name: "new", label: "New password", type: "password", autocomplete: "new-password", hint: "8 characters or more", attributes: { required: true } },
      ],
      submit: "Change password",
      action: async (values) => {
        await send("POST", "api/password", { old: values.old, new: values.new });
        opened.close();
        say("Password changed. Your other devices are signed out.");
      },
    }),
  );
}
