// Questions that need an answer before anything goes on.

import { h } from "./dom.js";

function open(dialog) {
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const value = dialog.returnValue;
      dialog.remove();
      resolve(value);
    });
    dialog.showModal();
  });
}

// Asks for words; null when it is given up. Enter sends, Shift+Enter makes a new line.
export async function askWords({
  title,
  label,
  value = "",
  send,
  required = false,
  long = false,
  hints = [],
  limit = 2000,
  missing = "Write something, or cancel.",
}) {
  const field = h(long ? "textarea" : "input", {
    id: "dialog-words",
    value,
    required,
    maxlength: limit,
    rows: long ? 5 : null,
    autocomplete: "off",
    "aria-describedby": "dialog-told",
  });
  const told = h("p", { class: "help told", id: "dialog-told", "aria-live": "polite" });
  field.addEventListener("input", () => {
    field.removeAttribute("aria-invalid");
    told.textContent = field.value.length < limit ? "" : `That is all there is room for: ${limit} characters.`;
  });
  const form = h(
    "form",
    { method: "dialog", novalidate: true },
    h("h2", { id: "dialog-title" }, title),
    h("label", { for: "dialog-words" }, label),
    field,
    told,
    hints.length > 0 &&
      h(
        "p",
        { class: "hints" },
        hints.map((hint) =>
          h(
            "button",
            {
              type: "button",
              class: "hint",
              onclick: () => {
                told.textContent = "";
                field.value = field.value ? `${field.value}, ${hint.toLowerCase()}` : hint;
                field.focus();
              },
            },
            hint,
          ),
        ),
      ),
    h(
      "div",
      { class: "ends" },
      h("button", { type: "button", class: "plain", onclick: () => dialog.close("") }, "Cancel"),
      h("button", { class: "main", value: "send" }, send),
    ),
  );
  form.addEventListener("submit", (event) => {
    if (required && !field.value.trim()) {
      event.preventDefault();
      told.textContent = missing;
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button.main"));
    }
  });
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
  const answer = open(dialog);
  field.focus();
  field.select();
  return (await answer) === "send" ? field.value.trim() : null;
}

// Shows two decisions that exclude each other; true for trying again with one's own.
export async function askWhose({ title, message, yours, theirs }) {
  const dialog = h(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, title),
      h("p", {}, message),
      h(
        "dl",
        { class: "versus" },
        h("div", {}, h("dt", {}, "Yours"), h("dd", {}, yours)),
        h("div", {}, h("dt", {}, "Theirs"), h("dd", {}, theirs)),
      ),
      h(
        "div",
        { class: "ends" },
        h("button", { value: "theirs" }, "Take theirs"),
        h("button", { class: "main", value: "mine" }, "Try again with mine"),
      ),
    ),
  );
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  return (await open(dialog)) === "mine";
}

export { open as openDialog };
