// The dialog that shows the keys and lets them be changed.

import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { ACTIONS, keysOf, nameOf, remap, resetKeys, shown } from "./keys.js";

const ROOMS = [
  ["listen", "While listening"],
  ["compare", "While comparing"],
  ["all", "Everywhere"],
];

export function showKeys(rooms = ROOMS) {
  const said = h("p", { role: "status", class: "key-said" }, "Keys rest while you type.");
  const table = h("div", { class: "keys" });
  let waiting = null;

  function draw() {
    table.replaceChildren(
      ...rooms.map(([where, title]) =>
        h("section", {}, h("h3", {}, title), h("dl", {}, ACTIONS.filter((one) => one.where === where).map(line))),
      ),
    );
  }

  function line(action) {
    const keys = keysOf(action).map((key) => h("kbd", {}, shown(key)));
    const change = h(
      "button",
      {
        type: "button",
        class: "plain",
        "aria-label": `Change the key for: ${action.says}`,
        "data-id": action.id,
        onclick: () => {
          waiting = action;
          said.textContent = `Press the new key for “${action.says}”. Escape keeps the old one.`;
        },
      },
      "Change",
    );
    return h("div", {}, h("dt", {}, action.says), h("dd", {}, keys, change));
  }

  const dialog = h(
    "dialog",
    { class: "wide", "aria-labelledby": "dialog-title" },
    h("h2", { id: "dialog-title" }, "Keys"),
    said,
    table,
    h(
      "form",
      { method: "dialog", class: "ends" },
      h(
        "button",
        {
          type: "button",
          class: "plain",
          onclick: () => {
            resetKeys();
            draw();
            said.textContent = "The keys are as they were at first.";
          },
        },
        "Reset all",
      ),
      h("button", { class: "main" }, "Done"),
    ),
  );
  dialog.addEventListener(
    "keydown",
    (event) => {
      if (!waiting || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      const action = waiting;
      waiting = null;
      if (event.key === "Escape") {
        said.textContent = "Nothing was changed.";
        return;
      }
      const key = nameOf(event);
      const taken = remap(action, key);
      said.textContent = taken
        ? `${shown(key)} is taken by “${taken.says}”. Nothing was changed.`
        : `${shown(key)} is now for “${action.says}”.`;
      draw();
      dialog.querySelector(`[data-id="${action.id}"]`)?.focus();
    },
    true,
  );
  draw();
  return openDialog(dialog);
}
