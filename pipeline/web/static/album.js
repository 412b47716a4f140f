// One album: its cover and words, its tracks in their order, what waits to be made, and what was decided.

import { post } from "./api.js";
import { askWords } from "./dialogs.js";
import { $, count, cover, given, h, icon, minutes, redraw } from "./dom.js";
import { inWords } from "./foresee.js";
import { Listening, rowOf } from "./listening.js";
import { live } from "./live.js";
import { furnish } from "./page.js";
import { say } from "./say.js";

const STATUS = { in_progress: "Being made", needs_attention: "Needs attention", draft: "Draft", approved: "Approved", rejected: "Rejected", released: "Released" };
const start = given();
const { slug } = start;
const listening = new Listening({ place: $("take"), neighbour });
listening.albums.set(slug, start);

const album = () => listening.view(slug);
const heard = (track) => track.takes.find((take) => take.chosen) ?? track.takes[0];

// The tracks one after the other, each in its chosen take.
function neighbour(key, step) {
  const tracks = album().tracks.filter((track) => track.takes.length > 0);
  const place = key ? tracks.findIndex((track) => track.track === Number(key.split("/")[1])) : -1;
  const track = tracks[place + step];
  return track ? rowOf(album(), track, heard(track)) : null;
}

const order = (ask, words) => listening.order(album(), { version: album().version, ...ask }, words);

async function approve() {
  const note = await askWords({ title: `Approve “${album().title}”?`, label: "A note, if you like", send: "Approve the album" });
  if (note !== null) order({ decision: "approved", note }, `Approved the album “${album().title}”`);
}

async function reject() {
  const note = await askWords({ title: `Reject “${album().title}”?`, label: "Why", send: "Reject the album", required: true });
  if (note !== null) order({ decision: "rejected", note }, `Rejected the album “${album().title}”`);
}

async function write() {
  const note = await askWords({ title: "Note on the album", label: "Note", value: album().note, send: "Keep", long: true, required: true });
  if (note !== null) order({ decision: "noted", note }, "Noted on the album");
}

async function make() {
  try {
    await post("/api/jobs", { kind: "changes", words: slug });
    say("The changes are being made.");
  } catch (error) {
    say(error.message, { wrong: true });
  }
}

// A title that is changed where it stands: Enter keeps, Escape leaves.
function retitle(place, value, does) {
  const field = h("input", { value, maxlength: 120, "aria-label": "Title", class: "inplace" });
  let over = false;
  const end = (kept) => {
    if (over) return;
    over = true;
    const title = field.value.trim();
    field.replaceWith(value);
    if (kept && title && title !== value) does(title);
    else draw();
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

function drawHero() {
  const now = album();
  const title = h("h1", {}, now.title);
  const act = (name, says, does, picture, kind = "") => h("button", { type: "button", class: kind, "data-name": name, onclick: does }, icon(picture), h("span", {}, says));
  redraw($("hero"),
    cover(now.cover?.url, 640),
    h("div", {},
      h("p", { class: "eyebrow" }, now.theme), title, h("p", { class: "concept" }, now.concept),
      h("p", { class: "state", "data-decided": now.status }, STATUS[now.status], now.why && h("span", { class: "line" }, ` · ${now.why}`)),
      now.note && h("p", { class: "note" }, now.note),
      h("div", { class: "buttons" },
        act("approve-album", "Approve the album", approve, "yes", "yes"), act("reject-album", "Reject", reject, "no", "no"),
        act("retitle-album", "Retitle", () => retitle(title, now.title, (value) => order({ decision: "retitled", value }, `Retitled to “${value}”`)), "pen"),
        act("cover", "Another cover", () => order({ decision: "cover" }, "Another cover was ordered"), "picture"), act("note-album", "Note", write, "note")),
      now.going && going(now.going), changes(now), remarks(now)));
}

function going({ share, stage, text }) {
  return h("p", { class: "going" }, h("progress", { max: 1, value: share, "aria-label": "How far it is" }), h("span", {}, `${stage}: ${text}`));
}

function changes(now) {
  if (now.changes.length === 0) return null;
  return h("section", { class: "changes", "aria-label": "Changes waiting" },
    h("h2", {}, `${count(now.changes.length, "change")} waiting`), h("ul", {}, now.changes.map((one) => h("li", {}, one))),
    h("button", { type: "button", class: "main", "data-name": "make-changes", onclick: make }, "Make these changes"));
}

function remarks(now) {
  return h("details", { class: "remarks" }, h("summary", {}, "Cover, licences and remarks"),
    now.cover && h("p", {}, `The cover: ${now.cover.scene}, in ${now.cover.palette}. ${now.cover.why}`),
    h("p", {}, `Licences: ${now.licences.join(", ") || "none named"}.`), now.remarks.map((one) => h("p", {}, one)));
}

let dragged = null;

function reorder(from, to) {
  const tracks = album().tracks.map((track) => track.track);
  if (to < 0 || to >= tracks.length || from === to) return;
  const [moved] = tracks.splice(from, 1);
  tracks.splice(to, 0, moved);
  order({ decision: "reordered", value: tracks.join(",") }, `“${album().tracks[from].title}” is now number ${to + 1}`);
}

function drawTrack(track, place, now) {
  const take = heard(track);
  const title = h("span", { class: "title" }, track.title);
  const here = listening.row?.track === track.track;
  const small = (name, says, does, picture, disabled = false) => h("button", { type: "button", class: "quiet", "data-name": `${name}-${track.track}`, "aria-label": `${says}: ${track.title}`, title: says, onclick: does, disabled }, icon(picture));
  const tabs = track.takes.length > 0 && [...track.takes].sort((a, b) => a.take - b.take).map((one) => h("button", { type: "button", class: "tab", "data-name": `hear-${track.track}-${one.take}`, "aria-pressed": String(here && listening.row.take === one.take), "aria-label": `Hear take ${one.take} of ${track.title}`, "data-decided": one.decided, onclick: () => listening.show(rowOf(now, track, one), { play: true }) },
    h("span", {}, `Take ${one.take}`), h("span", { class: "score" }, one.score === null ? "–" : one.score.toFixed(2)), one.chosen && h("span", { class: "mark" }, "chosen"), one.decided && h("span", { class: "mark" }, one.decided)));
  const item = h("li", { class: "track", "data-track": track.track, "aria-current": here ? "true" : null },
    h("span", { class: "number" }, String(track.position)),
    h("div", { class: "track-words" }, title, h("p", { class: "line" }, take ? minutes(take.seconds) : "not rendered yet", track.why && ` · ${track.why}`), track.note && h("p", { class: "note" }, track.note),
      h("div", { class: "tabs" }, tabs, track.master && h("button", { type: "button", class: "tab", "data-name": `master-${track.track}`, onclick: () => master(now, track) }, "Finished track"), track.rerolls > 0 && h("span", { class: "coming" }, `${track.rerolls} more being made`))),
    h("div", { class: "track-tools" },
      small("up", "Earlier", () => reorder(place, place - 1), "up", place === 0), small("down", "Later", () => reorder(place, place + 1), "down", place === now.tracks.length - 1),
      small("title", "Retitle", () => retitle(title, track.title, (value) => order({ decision: "retitled", track: track.track, value }, `Retitled to “${value}”`)), "pen"),
      h("span", { class: "grip", draggable: "true", title: "Drag to another place", "aria-hidden": "true" }, icon("grip"))));
  const grip = item.querySelector(".grip");
  grip.addEventListener("dragstart", (event) => {
    dragged = place;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", track.title);
    event.dataTransfer.setDragImage(item, 20, 20);
  });
  grip.addEventListener("dragend", () => (dragged = null));
  item.addEventListener("dragover", (event) => {
    if (dragged === null) return;
    event.preventDefault();
    item.dataset.over = dragged < place ? "below" : "above";
  });
  item.addEventListener("dragleave", () => delete item.dataset.over);
  item.addEventListener("drop", (event) => {
    event.preventDefault();
    delete item.dataset.over;
    if (dragged !== null) reorder(dragged, place);
  });
  return item;
}

// The finished track is as loud as all others already.
function master(now, track) {
  const take = heard(track);
  listening.player.load({ audio: track.master, gain: 0, seconds: take?.seconds ?? 0, title: track.title, line: `${now.title} · finished track`, cover: now.cover?.url ?? null }, { play: true });
}

function drawHistory(now) {
  const when = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
  const one = (said) => {
    const what = said.track === null ? "the album" : `track ${said.track}${said.take === null ? "" : `, take ${said.take}`}`;
    return h("li", { class: said.undone ? "undone" : null },
      h("p", {}, h("b", {}, inWords(said.decision)), `: ${what}${said.value ? `, “${said.value}”` : ""}${said.note ? ` (${said.note})` : ""}`),
      h("p", { class: "line" }, `${said.author || "somebody"}, ${when.format(new Date(said.time))}, version ${said.version.slice(0, 8)}${said.undone ? " · taken back" : ""}`),
      !said.undone && h("button", { type: "button", class: "plain", "data-name": `undo-${said.id}`, "aria-label": `Undo: ${inWords(said.decision)}, ${what}`, onclick: () => listening.undo(album(), said.id, `${inWords(said.decision).toLowerCase()}, ${what}`) }, "Undo"));
  };
  redraw($("history"), h("h2", {}, "What was decided"), now.decisions.length > 0 ? h("ol", { class: "history" }, now.decisions.map(one)) : h("p", { class: "nothing" }, "Nothing yet."));
}

function draw() {
  const now = album();
  if (document.activeElement?.classList.contains("inplace")) return;
  drawHero();
  redraw($("tracks"), now.tracks.map((track, place) => drawTrack(track, place, now)));
  drawHistory(now);
}

listening.addEventListener("album", ({ detail }) => detail === slug && draw());
listening.addEventListener("shown", ({ detail: { row } }) => {
  draw();
  const wanted = `/albums/${slug}?take=${row.track}/${row.take}`;
  if (location.pathname + location.search !== wanted) history.replaceState(null, "", wanted);
});
listening.addEventListener("close", () => {
  document.body.dataset.showing = "list";
  $("room").scrollIntoView();
});
live("pulse", () => listening.refresh());
live("jobs", () => album().going && listening.refresh());

furnish();
draw();
const [track, take] = (new URLSearchParams(location.search).get("take") ?? "").split("/").map(Number);
const part = album().tracks.find((one) => one.track === track) ?? album().tracks.find((one) => one.takes.length > 0);
const one = part && (part.takes.find((other) => other.take === take) ?? heard(part));
if (one) listening.show(rowOf(album(), part, one), { play: false, how: "start" });
