// The keys, in one table. Where they are remapped, the browser keeps that.

import { keep, recall } from "./store.js";

// `where`: "listen" on the queue and an album, "compare" on that page, "radio" on a radio's page, "all" everywhere.
export const ACTIONS = [
  { id: "play", says: "Play or pause", keys: ["Space"], where: "all" },
  { id: "back", says: "Five seconds back; on Compare, hear A", keys: ["ArrowLeft"], where: "all" },
  { id: "ahead", says: "Five seconds ahead; on Compare, hear B", keys: ["ArrowRight"], where: "all" },
  { id: "next", says: "Next take", keys: ["J"], where: "listen" },
  { id: "previous", says: "Previous take", keys: ["K"], where: "listen" },
  { id: "approve", says: "Approve", keys: ["A"], where: "listen" },
  { id: "reject", says: "Reject, with a reason", keys: ["R"], where: "listen" },
  ...[1, 2, 3, 4, 5].map((n) => ({
    id: `take-${n}`,
    says: `Hear take ${n} of this track`,
    keys: [String(n)],
    where: "listen",
  })),
  { id: "undo", says: "Undo the last decision", keys: ["U"], where: "all" },
  { id: "loop", says: "Loop", keys: ["L"], where: "listen" },
  { id: "from", says: "Loop from here", keys: ["["], where: "listen" },
  { id: "to", says: "Loop to here", keys: ["]"], where: "listen" },
  { id: "compare", says: "Compare two takes blind", keys: ["B"], where: "listen" },
  { id: "note", says: "Write a note on the track", keys: ["N"], where: "listen" },
  { id: "retitle", says: "Retitle the track", keys: ["T"], where: "listen" },
  { id: "search", says: "Search", keys: ["/"], where: "listen" },
  { id: "a-better", says: "A is better", keys: ["A", "1"], where: "compare" },
  { id: "b-better", says: "B is better", keys: ["B", "2"], where: "compare" },
  { id: "tie", says: "No difference", keys: ["0", "="], where: "compare" },
  { id: "another", says: "The next two", keys: ["N", "Enter"], where: "compare" },
  { id: "radio-play", says: "Play or pause", keys: ["Space"], where: "radio" },
  { id: "radio-mute", says: "Silence, and back", keys: ["M"], where: "radio" },
  { id: "radio-love", says: "Love this one", keys: ["L"], where: "radio" },
  { id: "radio-skip", says: "Skip this one", keys: ["N"], where: "radio" },
  { id: "radio-steer", says: "Say how it should go on", keys: ["/"], where: "radio" },
  { id: "help", says: "Show the keys", keys: ["?"], where: "all" },
];

const KEPT = "lofi-keys";
const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
const NEVER = ["Tab", "Escape", "Shift", "Control", "Alt", "Meta", "CapsLock", "Dead", "Process", "Unidentified"];

export const shown = (key) => SHOWN[key] ?? key;

// The name of the key of an event: a letter by what it writes, or, on a keyboard of another script, by where it is.
export function nameOf(event) {
  if (event.key === " ") return "Space";
  if (event.key.length > 1) return event.key;
  if (event.key > "\u007f" && /^(Key[A-Z]|Digit\d)$/.test(event.code)) return event.code.slice(-1);
  return event.key.toUpperCase();
}

export function keysOf(action) {
  const changed = recall(KEPT, {})[action.id];
  return Array.isArray(changed) ? changed : action.keys;
}

const meet = (one, other) => one.where === "all" || other.where === "all" || one.where === other.where;

// Gives an action another key. Returns the action that has it already, and then changes nothing.
export function remap(action, key) {
  if (NEVER.includes(key)) return { says: "the browser" };
  const taken = ACTIONS.find((other) => other !== action && meet(action, other) && keysOf(other).includes(key));
  if (taken) return taken;
  keep(KEPT, { ...recall(KEPT, {}), [action.id]: [key] });
  return null;
}

export const resetKeys = () => keep(KEPT, {});

const TYPING =
  "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";
const SLIDING = "input[type=range], input[type=radio], [role=slider], audio";
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

// Whether the element with the focus needs this key for itself.
export function needed(target, key) {
  // A dialog that was just closed may hold the focus for a moment longer.
  if (!(target instanceof Element) || target.closest("dialog:not([open])")) return false;
  if (target.closest(TYPING)) return true;
  if (target.closest(SLIDING) && (ARROWS.includes(key) || key === "Space"))
    return !target.matches("[role=slider]") || key !== "Space";
  if (target.closest("button, summary, input") && (key === "Space" || key === "Enter")) return true;
  return Boolean(target.closest("a[href]")) && key === "Enter";
}

// Calls `does[id]()` for each key that is pressed on this page.
export function listen(where, does) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const key = nameOf(event);
    if (needed(event.target, key)) return;
    const action = ACTIONS.find(
      (one) => does[one.id] && (one.where === "all" || one.where === where) && keysOf(one).includes(key),
    );
    if (!action || (event.repeat && !["back", "ahead", "next", "previous"].includes(action.id))) return;
    event.preventDefault();
    does[action.id]();
  });
}
