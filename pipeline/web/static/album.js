// One album: its cover and words, its tracks in their order, what waits to be made, and what was decided.

import { post } from "./api.js";
import { askWords } from "./dialogs.js";
import { $, count, cover, given, h, icon, redraw } from "./dom.js";
import { drawHistory } from "./history.js";
import { retitle } from "./inplace.js";
import { Listening, rowOf } from "./listening.js";
import { live } from "./live.js";
import { Making } from "./making.js";
import { pending } from "./outbox.js";
import { furnish } from "./page.js";
import { say } from "./say.js";
import { drawTrack, heard, isDragging } from "./tracklist.js";

const STATUS = {
  in_progress: "Being made",
  needs_attention: "Needs attention",
  draft: "Draft",
  approved: "Approved",
  rejected: "Rejected",
  released: "Released",
};
const start = given();
const { slug } = start;
const listening = new Listening({ place: $("take"), neighbour });
listening.albums.set(slug, start);
const making = new Making(slug);
let ordering = false;

const album = () => listening.view(slug);

// The tracks one after the other, each in its chosen take.
function neighbour(key, step) {
  const tracks = album().tracks.filter((track) => track.takes.length > 0);
  const place = key ? tracks.findIndex((track) => track.track === Number(key.split("/")[1])) : -1;
  const track = tracks[place + step];
  return track ? rowOf(album(), track, heard(track)) : null;
}

const order = (ask, words, how) => listening.order(album(), { version: album().version, ...ask }, words, how);

async function approve() {
  const note = await askWords({
    title: `Approve “${album().title}”?`,
    label: "A note, if you like",
    send: "Approve the album",
  });
  if (note !== null) order({ decision: "approved", note }, `Approved the album “${album().title}”`, { late: true });
}

async function reject() {
  const note = await askWords({
    title: `Reject “${album().title}”?`,
    label: "Why",
    send: "Reject the album",
    required: true,
    missing: "Say why, in a word or two.",
  });
  if (note !== null) order({ decision: "rejected", note }, `Rejected the album “${album().title}”`);
}

async function write() {
  const note = await askWords({
    title: "Note on the album",
    label: "Note",
    value: album().note,
    send: "Keep",
    long: true,
    required: true,
    missing: "Write a note.",
  });
  if (note !== null) order({ decision: "noted", note }, "Noted on the album");
}

async function make() {
  if (ordering || making.job) return;
  ordering = true;
  draw();
  try {
    const job = await post("/api/jobs", { kind: "changes", words: slug });
    say("The changes are being made.");
    ordering = false;
    making.ordered(job);
  } catch (error) {
    ordering = false;
    say(error.message, { wrong: true });
    draw();
  }
}

// What came of the changes, for whoever waited for it.
function tellEnd(job) {
  if (job.state === "done") say("The changes are made.");
  else if (job.state === "stopped") say("The changes were stopped. What is finished of them is kept.", { wrong: true });
  else say(`The changes are not made. ${job.said}`, { wrong: true });
}

const CHANGING = ["take", "reroll", "retitled", "reordered", "cover"];

// Why the album cannot be approved just now, else "".
function obstacle(now) {
  const coming = pending(slug).filter((item) => item.kind === "decide");
  if (making.job || now.going) return "It is being made.";
  if (now.changes.length > 0 || coming.some((item) => CHANGING.includes(item.ask.decision)))
    return "Make the changes first, and hear what comes of them.";
  if (coming.some((item) => item.late)) return "On its way to the server.";
  return "";
}

function drawHero() {
  const now = album();
  const title = h("h1", {}, now.title);
  const against = obstacle(now);
  const act = (name, says, does, picture, kind = "", more = {}) =>
    h(
      "button",
      { type: "button", class: kind, "data-name": name, onclick: does, ...more },
      icon(picture),
      h("span", {}, says),
    );
  redraw(
    $("hero"),
    cover(now.cover?.url, 640),
    h(
      "div",
      {},
      h("p", { class: "eyebrow" }, now.theme),
      title,
      h("p", { class: "concept" }, now.concept),
      h(
        "p",
        { class: "state", "data-decided": now.status },
        STATUS[now.status],
        now.why && h("span", { class: "line" }, ` · ${now.why}`),
      ),
      now.note && h("p", { class: "note" }, now.note),
      h(
        "div",
        { class: "buttons" },
        now.mix && act("hear-album", "Hear the album", hearAlbum, "play"),
        act("approve-album", "Approve the album", approve, "yes", "yes", {
          disabled: Boolean(against),
          "aria-describedby": against ? "approve-why" : null,
        }),
        against && h("span", { class: "help why", id: "approve-why" }, against),
        act("reject-album", "Reject", reject, "no", "no"),
        act(
          "retitle-album",
          "Retitle",
          () =>
            retitle(
              title,
              now.title,
              (value) => order({ decision: "retitled", value }, `Retitled to “${value}”`),
              draw,
            ),
          "pen",
        ),
        act("cover", "Another cover", () => order({ decision: "cover" }, "Another cover was ordered"), "picture"),
        act("note-album", "Note", write, "note"),
      ),
      now.status === "approved" &&
        h("p", { class: "next" }, "It may leave the house: ", h("code", {}, `lofi release ${slug} --for youtube`)),
      now.going && !making.job && going(now.going),
      changes(now),
      remarks(now),
    ),
  );
}

function going({ share, stage, text }) {
  return h(
    "p",
    { class: "going" },
    h("progress", { max: 1, value: share, "aria-label": "How far it is" }),
    h("span", {}, `${stage}: ${text}`),
  );
}

function changes(now) {
  const { job } = making;
  if (now.changes.length === 0 && !job) return null;
  return h(
    "section",
    { class: "changes", "aria-label": "Changes waiting" },
    now.changes.length > 0 && h("h2", {}, `${count(now.changes.length, "change")} waiting`),
    h(
      "ul",
      {},
      now.changes.map((one) => h("li", {}, one)),
    ),
    job
      ? h(
          "p",
          { class: "going making" },
          h("progress", { max: 1, value: job.share, "aria-label": "How far the changes are" }),
          h("span", {}, `Being made: ${job.said || "it waits for its turn"}`),
        )
      : h(
          "button",
          { type: "button", class: "main", "data-name": "make-changes", onclick: make, disabled: ordering },
          "Make these changes",
        ),
  );
}

function remarks(now) {
  return h(
    "details",
    { class: "remarks" },
    h("summary", {}, "Cover, licences and remarks"),
    now.cover && h("p", {}, `The cover: ${now.cover.scene}, in ${now.cover.palette}. ${now.cover.why}`),
    h("p", {}, `Licences: ${now.licences.join(", ") || "none named"}.`),
    now.remarks.map((one) => h("p", {}, one)),
  );
}

// What is finished is at -14 LUFS, takes are played at -18. `names` says, of the album as it is then, what is heard;
// `after` gives what comes next.
function finished(audio, seconds, names, after = () => null) {
  const now = album();
  return { audio, gain: -4, seconds, cover: now.cover?.url ?? null, album: slug, ...names(now), names, after };
}

// A finished track, and after it the next one in the order of the album.
function master(track) {
  const { track: number } = track;
  return finished(
    track.master,
    heard(track)?.seconds ?? 0,
    (now) => ({
      title: now.tracks.find((one) => one.track === number)?.title ?? track.title,
      line: `${now.title} · finished track`,
    }),
    () => {
      const { tracks } = album();
      const place = tracks.findIndex((one) => one.track === number);
      const next = tracks.slice(place + 1).find((one) => one.master);
      return next ? master(next) : null;
    },
  );
}

function hearAlbum() {
  const { url, seconds } = album().mix;
  listening.hearFinished(finished(url, seconds, (now) => ({ title: now.title, line: "the whole album" })));
}

const does = {
  master: (track) => listening.hearFinished(master(track)),
  hear: (track, take) => listening.show(rowOf(album(), track, take), { play: true }),
  move: (value, track, to) => order({ decision: "reordered", value }, `“${track.title}” is now number ${to + 1}`),
  retitle: (track, place) =>
    retitle(
      place,
      track.title,
      (value) => order({ decision: "retitled", track: track.track, value }, `Retitled to “${value}”`),
      draw,
    ),
};

function draw() {
  const now = album();
  if (document.activeElement?.classList.contains("inplace")) return;
  drawHero();
  const undo = (id, words) => listening.undo(album(), id, words);
  redraw($("history"), drawHistory(now.decisions, undo));
  // What is held by the mouse stays in its place.
  if (!isDragging())
    redraw(
      $("tracks"),
      now.tracks.map((track, place) => drawTrack(track, place, now, listening.row, does)),
    );
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
making.addEventListener("change", draw);
making.addEventListener("end", async ({ detail }) => {
  tellEnd(detail);
  await listening.refresh(slug);
});
live("pulse", () => listening.refresh(slug));
live("jobs", () => album().going && listening.refresh(slug));

furnish();
draw();
const [track, take] = (new URLSearchParams(location.search).get("take") ?? "").split("/").map(Number);
const part = album().tracks.find((one) => one.track === track) ?? album().tracks.find((one) => one.takes.length > 0);
const one = part && (part.takes.find((other) => other.take === take) ?? heard(part));
if (one) listening.show(rowOf(album(), part, one), { play: false, how: "start" });
