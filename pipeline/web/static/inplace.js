// A title that is changed where it stands.

import { h } from "./dom.js";
import { say } from "./say.js";

export const TITLE_LIMIT = 120;

// Enter and leaving keep what was written, Escape does not.
// `left()` is called when nothing was changed.
export function retitle(place, value, does, left) {
  const field = h("input", {
    value,
    maxlength: TITLE_LIMIT,
    "aria-label": "Title",
    "aria-describedby": "inplace-said",
    class: "inplace",
  });
  const told = h("span", { class: "help told", id: "inplace-said", "aria-live": "polite" });
  let over = false;
  const end = (kept) => {
    if (over) return;
    over = true;
    const title = field.value.trim();
    place.replaceChildren(value);
    if (kept && title && title !== value) does(title);
    else left();
    if (kept && !title) say(`A title has to be written: “${value}” stays.`);
  };
  field.addEventListener("input", () => {
    told.textContent = field.value.length < TITLE_LIMIT ? "" : `A title has at most ${TITLE_LIMIT} characters.`;
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (field.value.trim()) end(true);
      else told.textContent = "Write a title.";
    }
    if (event.key === "Escape") end(false);
  });
  field.addEventListener("blur", () => end(true));
  place.replaceChildren(field, told);
  field.focus();
  field.select();
}
