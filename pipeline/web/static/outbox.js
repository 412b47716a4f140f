// Decisions on their way to the server. Each is kept by the browser until it was taken or refused, and sent in order.

import { Refused, Unreachable, author, get, post } from "./api.js";
import { askWhose } from "./dialogs.js";
import { count } from "./dom.js";
import { banner, say } from "./say.js";
import { forget, keep, names, recall } from "./store.js";

const PREFIX = "lofi-outbox-";
const LONGEST = 30_000;

// `silent` where nothing is kept here that could not be sent.
export const outbox = Object.assign(new EventTarget(), { silent: true });
let busy = false;
let wanted = false;
let timer = 0;
let failures = 0;
let made = 0;
const since = new Map();

const load = () =>
  names(PREFIX)
    .map((name) => ({ ...recall(name, {}), name }))
    .filter((item) => item.album);
const save = ({ name, ...item }) => keep(name, item);
const announce = (name, detail) => outbox.dispatchEvent(new CustomEvent(name, { detail }));

export const pending = (album) => load().filter((item) => item.album === album);

// `ask` as POST /api/decisions takes it; `says` is what was done, in the past tense, for whoever looks; what is `late`
// is told only once it is done.
export function decide(ask, says, late = false) {
  const whole = { ...ask, author: ask.author || author() };
  add({ kind: "decide", album: ask.album, seen: ask.seen, ask: whole, says, late });
}

export function takeBack({ album, id, seen, says }) {
  add({ kind: "undo", album, seen, id, says });
}

// The decision that one's own later ones have seen, though the page may not have heard of it yet.
function newest({ album, seen }) {
  let found = seen;
  while (since.has(`${album}/${found}`)) found = since.get(`${album}/${found}`);
  return found;
}

function add(item) {
  made += 1;
  const name = `${PREFIX}${String(Date.now()).padStart(15, "0")}-${String(made).padStart(6, "0")}`;
  save({ ...item, seen: newest(item), tries: 0, name });
  announce("kept", item);
  flush();
}

// Takes the last decision on an album back before it was sent. Returns it, or null where all are on their way.
export function withdraw(album) {
  const last = pending(album).at(-1);
  if (!last || last.kind !== "decide" || last.tries > 0 || (busy && load()[0].name === last.name)) return null;
  forget(last.name);
  announce("dropped", last);
  return last;
}

export async function flush() {
  // What is added while the last one is just being finished is not forgotten.
  wanted = true;
  if (busy) return;
  clearTimeout(timer);
  busy = true;
  wanted = false;
  try {
    // Two pages of one browser share what is kept: one of them sends.
    if (navigator.locks)
      await navigator.locks.request("lofi-outbox", { ifAvailable: true }, (lock) => (lock ? sendAll() : again(1000)));
    else await sendAll();
  } finally {
    busy = false;
  }
  if (wanted) flush();
}

function again(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(flush, milliseconds);
}

async function sendAll() {
  for (let item = load()[0]; item; item = load()[0]) {
    if (!(await sendOne(item))) return;
  }
  failures = 0;
  if (!outbox.silent) banner("");
  outbox.silent = true;
}

async function sendOne(item) {
  // Counted before it is sent: a page that is left meanwhile never hears whether it arrived.
  save({ ...item, tries: item.tries + 1 });
  try {
    const said = await (item.kind === "undo"
      ? post(`/api/decisions/${item.id}/undo`, { author: author() })
      : post("/api/decisions", { ...item.ask, seen: item.seen }));
    await done(item, said);
    return true;
  } catch (error) {
    if (
      error instanceof Unreachable ||
      (error instanceof Refused && [401, 408, 429, 500, 502, 503, 504].includes(error.status))
    )
      return wait(error);
    if (error instanceof Refused) return refused(item, error);
    throw error;
  }
}

function wait(error) {
  failures += 1;
  const kept = count(load().length, "decision");
  const why = error instanceof Unreachable ? "The server does not answer" : error.refusal.message.replace(/\.$/, "");
  outbox.silent = false;
  banner(`${why}; ${kept} ${load().length === 1 ? "is" : "are"} kept here and will be sent.`);
  again(Math.min(LONGEST, 1000 * 2 ** Math.min(failures - 1, 5)));
  return false;
}

async function done(item, said) {
  forget(item.name);
  failures = 0;
  // What was decided after this one had seen it, though the server had not answered yet.
  let seen = said.id;
  if (item.kind === "undo") seen = (await get(`/api/albums/${item.album}`).catch(() => item)).seen;
  if (seen > item.seen) since.set(`${item.album}/${item.seen}`, seen);
  for (const other of pending(item.album)) save({ ...other, seen: newest(other) });
  announce("sent", { item, said });
}

const plain = (text) => (text ?? "").split(/\s+/).join(" ").trim();

// Whether a decision that was made is the one that was sent. The value of a re-roll is the server's own.
const same = (said, ask) =>
  ["track", "take"].every((name) => (said[name] ?? null) === (ask[name] ?? null)) &&
  ["decision", "note", "author"].every((name) => plain(said[name]) === plain(ask[name])) &&
  (ask.decision === "reroll" || plain(said.value) === plain(ask.value));

const withReason = (text, said) => (said?.note && !text.includes(said.note) ? `${text}: ${said.note}` : text);

async function refused(item, error) {
  let album = null;
  if (error.status === 409) {
    try {
      album = await get(`/api/albums/${item.album}`);
    } catch (failure) {
      if (failure instanceof Unreachable) return wait(failure);
    }
    // The answer to an earlier try was lost, not the decision.
    const before = album?.decisions.find((said) =>
      item.kind === "undo"
        ? said.id === item.id && said.undone
        : item.tries > 0 && said.id > item.seen && !said.undone && same(said, item.ask),
    );
    if (before) {
      await done(item, before);
      return true;
    }
  }
  const { refusal } = error;
  const stale = refusal.yours !== null && refusal.theirs !== null && refusal.yours !== undefined;
  if (album && stale) {
    const mine = await askWhose({
      title: "Somebody was faster",
      message: refusal.message,
      yours: withReason(refusal.yours || item.says, item.ask),
      theirs: withReason(
        refusal.theirs,
        album.decisions.find((said) => said.id > item.seen && !said.undone),
      ),
    });
    if (mine) {
      save({ ...renewed(item, album), tries: 0 });
      return true;
    }
    forget(item.name);
    announce("dropped", item);
    say("Theirs stands.");
    return true;
  }
  forget(item.name);
  announce("dropped", item);
  const retry = album ? { says: "Try again", does: () => add(renewed(item, album)) } : null;
  say(item.late ? refusal.message : `${item.says}: not done. ${error.message}`, { wrong: true, action: retry });
  return true;
}

// The same decision, about what there is now.
function renewed(item, album) {
  if (item.kind === "undo") return { ...item, seen: album.seen };
  const track = album.tracks.find((one) => one.track === item.ask.track);
  const take = track?.takes.find((one) => one.take === item.ask.take);
  return { ...item, seen: album.seen, ask: { ...item.ask, version: take?.version ?? album.version } };
}

window.addEventListener("online", flush);
