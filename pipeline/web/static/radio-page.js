// A radio's page: what is heard, what was, and what a listener may ask for.

import { Refused, post } from "./api.js";
import { $, count, given, h, icon, minutes, turnIcon } from "./dom.js";
import { listen } from "./keys.js";
import { furnish, showKeys } from "./page.js";
import { RadioLive } from "./radio-live.js";
import { Tuner } from "./radio-tuner.js";
import { banner, say } from "./say.js";
import { keep, recall } from "./store.js";

const KEYS = [["radio", "On the radio"]];
const SOURCES = { again: "heard again", approved: "from the library", "stand-in": "by the offline band" };
const LOOKS = [3000, 6000, 12_000, 24_000, 48_000];

const told = given();
const tuner = new Tuner($("sound"));
const live = new RadioLive(told.clock);
const loved = new Set();
let shown = null;
let coming = [];
let { standing } = told;

// What is heard

function showAir(air) {
  const now = air.now;
  const other = now?.number !== shown?.number;
  shown = now;
  $("title").textContent = now?.title ?? "In a moment";
  $("artist").textContent = now?.artist ?? "";
  $("credit").textContent = now?.credit ?? "";
  $("words").replaceChildren(...(now?.words ?? []).map((word) => h("li", {}, word)));
  document.title = `${now ? `${now.title} · ` : ""}${told.name} · lofi label`;
  for (const name of ["love", "skip"]) $(name).disabled = !now || (name === "skip" && standing.state === "again");
  $("love").setAttribute("aria-pressed", String(loved.has(now?.number)));
  if (other) showCover(now);
  showPast(air.history);
  showRun();
}

function showCover(now) {
  const image = $("cover");
  image.hidden = true;
  image.removeAttribute("src");
  if (now) look(image, now, 0);
}

// A picture may come later than the sound: until then the record turns.
function look(image, airing, tries) {
  const trial = new Image();
  trial.onload = () => {
    if (airing !== shown && airing.number !== shown?.number) return;
    image.src = trial.src;
    image.hidden = false;
    tellSystem();
  };
  trial.onerror = () => {
    if (airing.number === shown?.number && tries < LOOKS.length)
      setTimeout(() => airing.number === shown?.number && look(image, airing, tries + 1), LOOKS[tries]);
  };
  trial.src = tries ? `${airing.picture}?${tries}` : airing.picture;
  tellSystem();
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

function showPast(history) {
  $("no-past").hidden = history.length > 0;
  $("past").replaceChildren(
    ...history.map((one) => {
      const image = h("img", { class: "cover", alt: "", width: 56, height: 56, loading: "lazy", src: one.picture });
      const place = h("span", { class: "small" }, image);
      image.addEventListener("error", () => image.replaceWith(h("span", { class: "cover nocover" }, icon("disc"))));
      const line = [clock.format(new Date(one.began * 1000)), one.artist, SOURCES[one.source]].filter(Boolean);
      return h(
        "li",
        {},
        place,
        h("p", {}, h("span", { class: "title" }, one.title), h("span", { class: "line" }, line.join(" · "))),
      );
    }),
  );
}

function showRun() {
  const gone = shown ? live.now - shown.began - (tuner.playing ? tuner.ahead : 0) : 0;
  const at = Math.min(Math.max(gone, 0), shown?.seconds ?? 0);
  $("run").value = shown?.seconds ? at / shown.seconds : 0;
  $("at").textContent = minutes(at);
  $("length").textContent = minutes(shown?.seconds);
}

// A listener hears later than the radio sends: a title waits for as long as sound is in hand.
function heardLater(air) {
  if (!tuner.playing || !air.now || air.now.number === shown?.number) {
    coming = [];
    showAir(air);
    return;
  }
  const since = Math.max(0, live.now - air.now.began);
  coming.push({ at: tuner.position + tuner.ahead - since, air });
}

function catchUp() {
  while (coming.length > 0 && (!tuner.playing || coming[0].at <= tuner.position)) showAir(coming.shift().air);
}

// The player

function showTuner() {
  const on = tuner.wanted;
  turnIcon($("play"), on ? "pause" : "play");
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
  document.body.dataset.playing = String(tuner.playing);
  $("tuned").textContent = on && !tuner.playing ? "Tuning in …" : "";
  if ("mediaSession" in navigator) navigator.mediaSession.playbackState = on ? "playing" : "paused";
  catchUp();
}

function tellSystem() {
  if (!("mediaSession" in navigator) || !shown) return;
  const picture = $("cover").hidden ? [] : [{ src: $("cover").src, sizes: "640x640", type: "image/jpeg" }];
  navigator.mediaSession.metadata = new MediaMetadata({
    title: shown.title,
    artist: shown.artist,
    album: told.name,
    artwork: picture,
  });
}

function setLevel(value) {
  tuner.level = value;
  $("level").value = value;
  $("level").setAttribute("aria-valuetext", `${Math.round(100 * value)} %`);
}

let before = 0.8;
function mute() {
  const now = Number($("level").value);
  if (now > 0) before = now;
  setLevel(now > 0 ? 0 : before);
}

// How it stands

function showStanding(now) {
  standing = now;
  $("skip").disabled = !shown || standing.state === "again";
  $("stands").textContent = standing.said;
  $("wished").textContent = standing.wish.join(", ") || "what its theme says";
  $("ahead").textContent = standing.ahead > 0 ? count(standing.ahead, "minute") : "less than a minute";
  $("listening").textContent = count(standing.listeners, "listener");
}

// What one may ask for

async function ask(address, value, done) {
  try {
    await post(address, value);
    done();
  } catch (error) {
    say(error.message, { wrong: true });
  }
}

function love() {
  const one = shown;
  if (!one || loved.has(one.number)) return;
  ask("/api/love", { number: one.number }, () => {
    loved.add(one.number);
    if (shown?.number === one.number) $("love").setAttribute("aria-pressed", "true");
    say(`“${one.title}” is loved.`);
  });
}

function skip() {
  if (!shown || $("skip").disabled) return;
  ask("/api/skip", { number: shown.number }, () => say("The next one comes in some ten seconds."));
}

function answer(text, wrong = false) {
  $("told").textContent = text;
  $("told").classList.toggle("wrong", wrong);
}

async function steer(event) {
  event.preventDefault();
  const words = $("wish").value.trim();
  if (!words) {
    answer("Say how it should go on, such as: slower, more piano, rain.", true);
    $("wish").focus();
    return;
  }
  const button = $("steer").querySelector("button.main");
  button.disabled = true;
  answer("The studio listens …");
  try {
    const said = await post("/api/steer", { words });
    answer(said.said || `Understood: ${said.wish.join(", ")}.`, !said.understood);
    if (said.understood) $("wish").value = "";
  } catch (error) {
    answer(error instanceof Refused ? error.message : "The radio does not answer. Try again.", true);
  }
  button.disabled = false;
}

async function copy(button) {
  const field = $(button.dataset.copies);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    say("Copied.");
  } catch {
    say("It is selected: copy it with your keys.");
  }
}

furnish({ quiet: true, keys: KEYS });
$("play").addEventListener("click", () => tuner.toggle());
$("love").addEventListener("click", love);
$("skip").addEventListener("click", skip);
$("steer").addEventListener("submit", steer);
$("level").addEventListener("input", () => {
  setLevel(Number($("level").value));
  keep("lofi-level", tuner.level);
});
for (const hint of document.querySelectorAll(".hint"))
  hint.addEventListener("click", () => {
    const field = $("wish");
    const said = "alone" in hint.dataset ? "" : field.value.trim();
    field.value = said ? `${said}, ${hint.textContent}` : hint.textContent;
    field.focus();
  });
for (const button of document.querySelectorAll("[data-copies]")) button.addEventListener("click", () => copy(button));
tuner.addEventListener("change", showTuner);
tuner.addEventListener("time", catchUp);
tuner.addEventListener("forbidden", () => say("Your browser wants you to press Play once more."));
live.addEventListener("air", (event) => heardLater(event.detail));
live.addEventListener("standing", (event) => showStanding(event.detail));
live.addEventListener("reach", (event) => banner(event.detail ? "" : "The radio does not answer. It is tried again."));
listen("radio", {
  "radio-play": () => tuner.toggle(),
  "radio-mute": mute,
  "radio-love": love,
  "radio-skip": skip,
  "radio-steer": () => $("wish").focus(),
  help: () => showKeys(KEYS),
});
if ("mediaSession" in navigator) {
  navigator.mediaSession.setActionHandler("play", () => tuner.play());
  navigator.mediaSession.setActionHandler("pause", () => tuner.stop());
  navigator.mediaSession.setActionHandler("nexttrack", skip);
}
setLevel(Number(recall("lofi-level", 0.8)));
showAir(told.air);
showStanding(told.standing);
showTuner();
setInterval(showRun, 500);
