// A title that is changed where it stands.

import { h } from "./dom.js";

// Enter and leaving keep what was written, Escape does not.
// `left()` is called when nothing was changed.
export function retitle(place, value, does, left) {
  const field = h("input", { value, maxlength: 120, "aria-label": "Title", class: "inplace" });
  let over = false;
  const end = (kept) => {
    if (over) return;
    over = true;
    const title = field.value.trim();
    field.replaceWith(value);
    if (kept && title && title !== value) does(title);
    else left();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) end(true);
    if (event.key === "Escape") end(false);
  });
  field.addEventListener("blur", () => end(true));
  place.replaceChildren(field);
  field.focus();
  field.select();
}
