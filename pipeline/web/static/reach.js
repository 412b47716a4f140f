// Whether the server answers, and what is done again once it does.

import { Refused, Unreachable, get } from "./api.js";
import { live } from "./live.js";
import { flush, outbox } from "./outbox.js";
import { banner, say } from "./say.js";

const LONGEST = 30_000;
const waiting = new Map();
let timer = 0;
let tries = 0;
let asking = null;

async function asked() {
  try {
    await get("/api/session");
    return true;
  } catch (error) {
    return !(error instanceof Unreachable);
  }
}

// Does something once the server answers again; of what has the same name only the last.
export function onceBack(name, does) {
  waiting.set(name, does);
  // What the outbox has to say is more: it keeps decisions.
  if (outbox.silent) banner("The server does not answer. What is missing here comes by itself once it does.");
  if (!timer && !asking) later();
}

function later() {
  timer = setTimeout(again, Math.min(LONGEST, 1000 * 2 ** Math.min(tries, 5)));
  tries += 1;
}

async function again() {
  if (waiting.size === 0 || asking) return;
  clearTimeout(timer);
  timer = 0;
  asking = asked();
  const back = await asking;
  asking = null;
  if (!back) {
    later();
    return;
  }
  tries = 0;
  const all = [...waiting.values()];
  waiting.clear();
  if (outbox.silent) banner("");
  flush();
  for (const does of all) does();
}

live("back", again);
window.addEventListener("online", again);

// Why a sound cannot be played, in the server's own words where it is not there.
async function reason(address) {
  try {
    // A file that is there but damaged is not fetched for nothing.
    if ((await fetch(address, { method: "HEAD" })).status === 410) await get(address);
  } catch (error) {
    if (error instanceof Refused) return error.message;
  }
  return "This sound cannot be played: the file is gone or damaged.";
}

// Tells of a sound that cannot be played, or fetches it again once the server is back.
export function mending(player) {
  let tried = null;
  player.addEventListener("load", () => {
    tried = null;
  });
  player.addEventListener("broken", async () => {
    const { item } = player;
    const back = await asked();
    if (player.item !== item) return;
    if (!back) onceBack("sound", () => player.mend());
    else if (tried !== item) {
      // It may have been gone for a moment only.
      tried = item;
      player.mend();
    } else {
      const said = await reason(item.audio);
      if (player.item === item) say(said, { wrong: true });
    }
  });
}
