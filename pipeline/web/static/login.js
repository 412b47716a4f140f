// The door: sends the token, and goes on to where one wanted to go.

import { get, post } from "./api.js";
import { $ } from "./dom.js";
import { furnish } from "./page.js";

function wanted() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  // Only an address of this server: `//elsewhere` and `/\elsewhere` are none.
  const address = new URL(next, location.origin);
  return /^\/(?![/\\])/.test(next) && address.origin === location.origin ? address.pathname + address.search : "/";
}

furnish({ quiet: true });
$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("wrong").textContent = "";
  try {
    await post("/login", { token: $("token").value });
    location.replace(wanted());
  } catch (error) {
    $("wrong").textContent = error.message;
    $("token").select();
  }
});
// A link from elsewhere leads here without the cookie; from here it is sent.
get("/api/session").then(
  () => location.replace(wanted()),
  () => $("token").focus(),
);
