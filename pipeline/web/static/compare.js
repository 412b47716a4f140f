// Two takes, blind: heard at the same place and equally loud, and answered with one key.

import { Unreachable, author, get, post, put } from "./api.js";
import { $, h, icon, minutes, redraw } from "./dom.js";
import { listen } from "./keys.js";
import { furnish, showKeys } from "./page.js";
import { Player } from "./player.js";
import { mending, onceBack } from "./reach.js";
import { say, whisper } from "./say.js";

const album = new URLSearchParams(location.search).get("album");
const player = new Player();
let pair = null;
let side = null;
let told = null;

const item = (which) => ({ audio: pair[which], gain: pair[`gain_${which}`], seconds: 0, title: which.toUpperCase() });

function hear(which) {
  if (!pair) return;
  if (side === which) player.toggle();
  else {
    player.load(item(which), { at: side ? player.position : 0, play: true });
    player.prepare(item(which === "a" ? "b" : "a"));
    side = which;
  }
  draw();
  whisper(player.playing || side !== which ? `Take ${which.toUpperCase()}` : "");
}

async function answer(winner) {
  if (!pair || told) return;
  try {
    told = await put(`/api/comparisons/${pair.id}`, { winner, author: author() });
    whisper("Answered");
  } catch (error) {
    say(
      error instanceof Unreachable
        ? "The server does not answer; your answer was not sent. Try again."
        : error.message,
      { wrong: true },
    );
  }
  draw();
  document.querySelector("[data-name=another]")?.focus();
  about();
}

async function fetchPair() {
  player.pause();
  [pair, side, told] = [null, null, null];
  draw("One moment…");
  try {
    pair = await post("/api/comparisons", album ? { album, author: author() } : { author: author() });
    draw(pair ? "" : "Nothing is left to compare. Come back when there are new takes.");
  } catch (error) {
    draw(error.message);
    if (error instanceof Unreachable) onceBack("pair", () => pair || fetchPair());
  }
}

function half(which) {
  const name = which.toUpperCase();
  const playing = side === which && player.playing;
  const picture = icon(playing ? "pause" : "play");
  return h(
    "button",
    {
      type: "button",
      class: "half",
      "data-name": `hear-${which}`,
      "aria-label": `${playing ? "Pause" : "Play"} take ${name}`,
      "aria-pressed": String(side === which),
      onclick: () => hear(which),
    },
    h("span", { class: "half-name", "aria-hidden": "true" }, name),
    picture,
  );
}

function verdict() {
  const one = ({ album: slug, track, take }, rating, which) =>
    h(
      "li",
      { "data-winner": told.winner === which ? "" : null },
      h("b", {}, which.toUpperCase()),
      " was ",
      h("a", { href: `/?take=${slug}/${track}/${take}` }, `take ${take} of track ${track}`),
      `. It has won ${rating.wins} and lost ${rating.losses}: strength ${rating.strength.toFixed(2)}.`,
    );
  const said = { a: "You chose A.", b: "You chose B.", tie: "No difference, you said." }[told.winner];
  return h(
    "div",
    { class: "verdict" },
    h("p", { class: "verdict-said" }, said),
    h("ul", {}, one(told.a, told.rating_a, "a"), one(told.b, told.rating_b, "b")),
    h("button", { type: "button", class: "main", "data-name": "another", onclick: fetchPair }, "The next two"),
  );
}

function choices() {
  const one = (winner, says, key) =>
    h(
      "button",
      { type: "button", "data-name": winner, onclick: () => answer(winner) },
      says,
      h("kbd", { "aria-hidden": "true" }, key),
    );
  return h(
    "div",
    { class: "buttons answers" },
    one("a", "A is better", "A"),
    one("tie", "No difference", "0"),
    one("b", "B is better", "B"),
  );
}

function draw(instead = "") {
  if (!pair) {
    redraw($("blind"), h("p", { class: "nothing" }, instead), h("p", {}, h("a", { href: "/" }, "Back to the queue")));
    return;
  }
  redraw(
    $("blind"),
    h("h2", {}, pair.title),
    h("p", { class: "prompt" }, pair.prompt),
    h("div", { class: "halves" }, half("a"), half("b")),
    h("p", { class: "clock", id: "clock" }, clock()),
    told ? verdict() : choices(),
  );
}

const clock = () =>
  side
    ? `${minutes(Math.floor(player.position))} of ${minutes(player.length)}`
    : "Both start at the same place; ← plays A, → plays B.";
player.addEventListener("change", () => pair && draw());
player.addEventListener("time", () => {
  if ($("clock")) $("clock").textContent = clock();
});
mending(player);
player.setLoop("whole");

async function about() {
  const agreement = await get(`/api/agreement?author=${encodeURIComponent(author())}`).catch(() => null);
  if (agreement) $("agreement").textContent = agreement.said;
}

listen("compare", {
  play: () => (side ? (player.toggle(), draw()) : hear("a")),
  back: () => side !== "a" && hear("a"),
  ahead: () => side !== "b" && hear("b"),
  "a-better": () => answer("a"),
  "b-better": () => answer("b"),
  tie: () => answer("tie"),
  another: () => told && fetchPair(),
  undo: () => say("An answer cannot be taken back."),
  help: showKeys,
});
furnish();
fetchPair();
about();
