// The wall of covers, kept as it is in the library.

import { get } from "./api.js";
import { $, count, cover, h } from "./dom.js";
import { live } from "./live.js";
import { furnish } from "./page.js";

const STATUS = {
  in_progress: "being made",
  needs_attention: "needs attention",
  draft: "draft",
  approved: "approved",
  rejected: "rejected",
  released: "released",
};

function sleeve(album) {
  const about = [
    STATUS[album.status],
    count(album.tracks, "track"),
    album.open > 0 && `${album.open} to decide`,
    album.changes > 0 && `${count(album.changes, "change")} waiting`,
  ];
  return h(
    "li",
    { class: "sleeve", "data-slug": album.slug },
    h("a", { href: `/albums/${album.slug}` }, cover(album.cover, 480), h("span", { class: "title" }, album.title)),
    h("p", { class: "line" }, about.filter(Boolean).join(" · ")),
    album.going &&
      h(
        "p",
        { class: "going" },
        h("progress", { max: 1, value: album.going.share, "aria-label": "How far it is" }),
        h("span", {}, album.going.text),
      ),
  );
}

async function renew() {
  const albums = await get("/api/albums").catch(() => null);
  if (!albums) return;
  const held = document.activeElement?.closest?.(".sleeve")?.dataset.slug;
  $("albums").replaceChildren(...albums.map(sleeve));
  $("nothing").hidden = albums.length > 0;
  if (held)
    $("albums")
      .querySelector(`[data-slug="${CSS.escape(held)}"] a`)
      ?.focus({ preventScroll: true });
}

live("pulse", renew);
furnish();
