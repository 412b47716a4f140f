// The queue: a list that grows as it is read, and the take beside it.

import { author, get } from "./api.js";
import { $, count, cover, given, h, minutes } from "./dom.js";
import { Listening, keyOf, rowOf } from "./listening.js";
import { live } from "./live.js";
import { furnish } from "./page.js";
import { say } from "./say.js";
import { keep, recall } from "./store.js";

const start = given();
const list = $("rows");
const rows = new Map();
let order = [];
let next = start.queue.next;
let total = start.queue.total;
let asked = 0;
let loading = null;

const narrow = matchMedia("(max-width: 820px)");
const listening = new Listening({ place: $("take"), neighbour });

function neighbour(key, step) {
  const place = order.indexOf(key);
  if (place + 3 > order.length) grow();
  if (place < 0) return step > 0 ? (rows.get(order[0]) ?? null) : null;
  return rows.get(order[place + step]) ?? null;
}

function mark(row) {
  if (row.decided) return row.decided;
  if (!row.passed) return "failed";
  return row.chosen ? "chosen" : "";
}

const address = (key) => {
  const query = new URLSearchParams(location.search);
  query.set("take", key);
  return `/?${query.toString().replaceAll("%2F", "/")}`;
};

function draw(row) {
  const key = keyOf(row);
  return h(
    "li",
    { class: "row", "data-key": key, "data-decided": row.decided },
    h(
      "a",
      { href: address(key) },
      cover(row.cover, 56),
      h(
        "span",
        { class: "words" },
        h("span", { class: "title" }, row.title),
        h(
          "span",
          { class: "line" },
          `${row.album_title} · track ${row.track}, take ${row.take} · ${minutes(row.seconds)}`,
        ),
        h("span", { class: "attention" }, row.attention),
      ),
      h(
        "span",
        { class: "marks" },
        h("span", { class: "score" }, row.score === null ? "–" : row.score.toFixed(2)),
        h("span", { class: "mark" }, mark(row)),
      ),
    ),
  );
}

const line = (key) => list.querySelector(`[data-key="${CSS.escape(key)}"]`);

function add(found, drawn) {
  for (const row of found) {
    const key = keyOf(row);
    if (rows.has(key)) continue;
    rows.set(key, row);
    order.push(key);
    if (!drawn) list.append(draw(row));
  }
}

function renew(row) {
  const key = keyOf(row);
  const old = line(key);
  rows.set(key, row);
  if (!old) return;
  if (row.decided) old.dataset.decided = row.decided;
  else delete old.dataset.decided;
  old.querySelector(".title").textContent = row.title;
  old.querySelector(".attention").textContent = row.attention;
  old.querySelector(".mark").textContent = mark(row);
}

function query(offset, limit = 60) {
  const wanted = new URLSearchParams();
  for (const [name, value] of new FormData($("filters"))) if (String(value).trim()) wanted.set(name, value);
  wanted.set("author", author());
  wanted.set("offset", offset);
  wanted.set("limit", limit);
  return `/api/queue?${wanted}`;
}

function grow() {
  if (next === null || loading) return loading;
  const turn = asked;
  loading = get(query(next))
    .then((page) => {
      if (turn !== asked) return;
      add(page.takes, false);
      ({ next, total } = page);
    })
    .catch((error) => say(error.message, { wrong: true }))
    .finally(() => {
      loading = null;
    });
  return loading;
}

function tell() {
  $("count").textContent = count(total, "take");
  $("nothing").hidden = order.length > 0;
}

async function filter({ push = true } = {}) {
  asked += 1;
  const turn = asked;
  const page = await get(query(0)).catch((error) => say(error.message, { wrong: true }));
  if (!page || turn !== asked) return;
  rows.clear();
  order = [];
  loading = null;
  list.replaceChildren();
  ({ next, total } = page);
  if (push) {
    const wanted = new URLSearchParams([...new FormData($("filters"))].filter(([, value]) => String(value).trim()));
    if (wanted.get("sort") === "attention") wanted.delete("sort");
    if (listening.row) wanted.set("take", keyOf(listening.row));
    const text = wanted.toString().replaceAll("%2F", "/");
    history.pushState(null, "", text ? `/?${text}` : "/");
  }
  add(page.takes, false);
  $("fresh").hidden = true;
  point();
  tell();
}

function point() {
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  if (!listening.row) return;
  const here = line(keyOf(listening.row));
  here?.querySelector("a").setAttribute("aria-current", "true");
  if (!narrow.matches) here?.scrollIntoView({ block: "nearest" });
}

function reveal(shown) {
  document.body.dataset.showing = shown ? "take" : "list";
}

// Shows what the address names: after a reload, or with Back.
async function follow() {
  const wanted = new URLSearchParams(location.search);
  const [album, track, take] = (wanted.get("take") ?? "").split("/");
  if (!album || !Number(track) || !Number(take)) {
    reveal(false);
    return;
  }
  const key = `${album}/${Number(track)}/${Number(take)}`;
  if (listening.row && keyOf(listening.row) === key) {
    reveal(true);
    return;
  }
  let row = rows.get(key);
  if (!row) {
    await listening.refresh(album);
    const found = listening.view(album);
    const part = found?.tracks.find((one) => one.track === Number(track));
    const one = part?.takes.find((other) => other.take === Number(take));
    if (!one) {
      say("That take is not there any more.");
      reveal(false);
      return;
    }
    row = rowOf(found, part, one);
  }
  reveal(true);
  listening.show(row, { play: listening.player.playing, how: "start" });
}

list.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  listening.show(rows.get(link.closest("li").dataset.key), { play: true });
});

listening.addEventListener("shown", ({ detail: { row, how } }) => {
  if (how !== "start") history[how === "click" ? "pushState" : "replaceState"](null, "", address(keyOf(row)));
  reveal(true);
  point();
  if (how === "click" && narrow.matches) window.scrollTo(0, 0);
});
listening.addEventListener("close", () => {
  const wanted = new URLSearchParams(location.search);
  wanted.delete("take");
  history.pushState(null, "", wanted.size ? `/?${wanted}` : "/");
  reveal(false);
  if (listening.row) line(keyOf(listening.row))?.querySelector("a").focus();
});
// What was decided shows in the list at once, and again once the server has said what it made of it.
listening.addEventListener("album", ({ detail: slug }) => {
  const album = listening.view(slug);
  for (const track of album?.tracks ?? []) {
    for (const take of track.takes) {
      const row = rows.get(`${slug}/${track.track}/${take.take}`);
      if (row)
        renew({
          ...row,
          title: track.title,
          chosen: take.chosen,
          decided: take.decided,
          attention: take.decided ? "" : row.attention,
        });
    }
  }
});
window.addEventListener("popstate", async () => {
  const wanted = new URLSearchParams(location.search);
  let changed = false;
  for (const field of $("filters").elements) {
    if (!field.name) continue;
    const value = wanted.get(field.name) ?? (field.name === "sort" ? "attention" : "");
    changed ||= field.value !== value;
    field.value = value;
  }
  if (changed) await filter({ push: false });
  follow();
});

let timer = 0;
$("filters").addEventListener("input", (event) => {
  if (!event.target.name) return;
  clearTimeout(timer);
  timer = setTimeout(filter, event.target.name === "words" ? 250 : 0);
});
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  filter();
});
$("clear").addEventListener("click", (event) => {
  event.preventDefault();
  for (const field of $("filters").elements) if (field.name) field.value = field.name === "sort" ? "attention" : "";
  filter();
});
$("words").addEventListener("keydown", (event) => event.key === "Escape" && event.target.blur());
$("go-on").checked = recall("lofi-go-on", false);
$("go-on").addEventListener("change", () => keep("lofi-go-on", $("go-on").checked));

// The library changed: what is listed is renewed in its place, and what is new waits until it is asked for.
live("pulse", async () => {
  listening.refresh();
  const limit = Math.min(200, Math.max(60, order.length));
  const page = await get(query(0, limit)).catch(() => null);
  if (!page) return;
  for (const row of page.takes) if (rows.has(keyOf(row))) renew(row);
  point();
  const fresh = page.total - total;
  $("fresh").hidden = fresh <= 0;
  $("fresh").textContent = `${count(fresh, "new take")}: show`;
  about();
});
$("fresh").addEventListener("click", () => filter({ push: false }));

async function about() {
  const agreement = await get(`/api/agreement?author=${encodeURIComponent(author())}`).catch(() => null);
  if (agreement) $("agreement").textContent = agreement.said;
}

add(start.queue.takes, true);
for (const link of list.querySelectorAll("a")) link.href = address(link.closest("li").dataset.key);
const watcher = new IntersectionObserver(
  async (seen) => {
    if (next === null || !seen.some((one) => one.isIntersecting)) return;
    const before = next;
    watcher.unobserve($("more"));
    await grow();
    // Looked at anew: who scrolls fast sees the end again before the browser noticed that it was gone.
    setTimeout(() => watcher.observe($("more")), next === before ? 5000 : 0);
  },
  { rootMargin: "600px" },
);
watcher.observe($("more"));
furnish();
follow();
about();
