// What every page has: colours, keys, and the connection to what changes.

import { $, turnIcon } from "./dom.js";
import { showKeys } from "./keyhelp.js";
import { goLive } from "./live.js";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

function showTheme() {
  turnIcon($("theme"), isDark() ? "sun" : "moon");
  $("theme").setAttribute("aria-label", isDark() ? "Switch to light colours" : "Switch to dark colours");
}

export function furnish({ quiet = false, keys } = {}) {
  $("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("lofi-theme", root.dataset.theme);
    } catch {
      // Kept for this page only.
    }
    showTheme();
  });
  dark.addEventListener("change", showTheme);
  showTheme();
  $("help").addEventListener("click", () => showKeys(keys));
  // A button pressed with the mouse gives the focus back, so that Space plays again instead of pressing it twice.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (event.detail > 0 && button && !button.closest("dialog")) button.blur();
  });
  $("main").inert = false;
  if (!quiet) goLive();
}

export { showKeys };
