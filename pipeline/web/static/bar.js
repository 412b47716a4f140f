// The player at the bottom of the page.

import { $, cover, minutes, turnIcon } from "./dom.js";
import { keep, recall } from "./store.js";

export function bindBar(player, does) {
  $("bar-play").addEventListener("click", () => does.play());
  $("bar-next").addEventListener("click", () => does.next());
  $("bar-previous").addEventListener("click", () => does.previous());
  $("bar-approve").addEventListener("click", () => does.approve());
  $("bar-reject").addEventListener("click", () => does.reject());
  $("bar-radio").addEventListener("click", () => does.radio());
  $("bar-loop").addEventListener("click", () => does.loop());
  $("bar-from").addEventListener("click", () => does.from());
  $("bar-to").addEventListener("click", () => does.to());
  const speed = $("bar-speed");
  const showSpeed = () => {
    $("bar-speed-said").textContent = `${Number(speed.value).toFixed(2).replace(/0$/, "").replace(/\.0$/, "")}×`;
  };
  speed.value = recall("lofi-speed", 1);
  player.setSpeed(Number(speed.value));
  showSpeed();
  speed.addEventListener("input", () => {
    player.setSpeed(Number(speed.value));
    keep("lofi-speed", Number(speed.value));
    showSpeed();
  });
  speed.addEventListener("dblclick", () => {
    speed.value = 1;
    speed.dispatchEvent(new Event("input"));
  });

  player.addEventListener("change", () => {
    turnIcon($("bar-play"), player.playing ? "pause" : "play");
    $("bar-play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    document.body.dataset.playing = player.playing;
    const region = Array.isArray(player.loop);
    $("bar-loop").setAttribute("aria-pressed", player.loop !== null);
    $("bar-from").setAttribute("aria-pressed", region);
    $("bar-to").setAttribute("aria-pressed", region);
    $("bar-length").textContent = minutes(player.length);
    if (navigator.mediaSession) navigator.mediaSession.playbackState = player.playing ? "playing" : "paused";
  });
  let told = "";
  player.addEventListener("time", () => {
    const text = minutes(Math.floor(player.position));
    if (text === told) return;
    told = text;
    $("bar-time").textContent = text;
  });
  const tell = () => {
    const { item } = player;
    $("now-title").textContent = item.title;
    $("now-line").textContent = item.line;
    $("now-cover").replaceChildren(cover(item.cover, 48));
    if (!navigator.mediaSession) return;
    const artwork = item.cover ? [{ src: new URL(item.cover, location.href).href, type: "image/jpeg" }] : [];
    navigator.mediaSession.metadata = new MediaMetadata({ title: item.title, album: item.line, artwork });
  };
  player.addEventListener("told", tell);
  player.addEventListener("load", () => {
    tell();
    $("bar-length").textContent = minutes(player.item.seconds);
  });
  if (!navigator.mediaSession) return;
  for (const [name, act] of [
    ["play", () => player.play()],
    ["pause", () => player.pause()],
    ["nexttrack", does.next],
    ["previoustrack", does.previous],
  ]) {
    navigator.mediaSession.setActionHandler(name, () => act());
  }
}
