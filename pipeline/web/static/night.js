// The night shift, kept as it stands: the server draws it, and what it drew is put in place of what was there.

import { $ } from "./dom.js";
import { live } from "./live.js";
import { furnish } from "./page.js";

// Who is on shift is no change of the library, so that is looked at now and then.
const EVERY = 20_000;

async function renew() {
  if (document.hidden) return;
  const answer = await fetch("/night").catch(() => null);
  if (!answer?.ok) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("night");
  const held = document.activeElement?.closest?.("#night a")?.getAttribute("href");
  if (drawn) $("night").replaceChildren(...document.adoptNode(drawn).childNodes);
  if (held)
    $("night")
      .querySelector(`a[href="${CSS.escape(held)}"]`)
      ?.focus({ preventScroll: true });
}

live("pulse", renew);
setInterval(renew, EVERY);
furnish();
