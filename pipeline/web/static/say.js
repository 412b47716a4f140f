// Tells what happened: to the eye for a few seconds, to a screen reader at once.

import { $, h } from "./dom.js";

export function whisper(text) {
  const place = $("said");
  // The same words twice are read twice only when they were gone in between.
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

export function say(text, { wrong = false, action = null } = {}) {
  whisper(text);
  const toast = h("div", { class: wrong ? "toast wrong" : "toast" }, h("p", {}, text));
  if (action)
    toast.append(
      h("button", { type: "button", class: "plain", onclick: () => (action.does(), toast.remove()) }, action.says),
    );
  const places = $("toasts");
  places.append(toast);
  while (places.children.length > 3) places.firstElementChild.remove();
  setTimeout(() => toast.remove(), wrong ? 9000 : 4500);
}

export function banner(text) {
  const place = $("banner");
  place.hidden = !text;
  if (place.textContent !== text) place.textContent = text;
}
