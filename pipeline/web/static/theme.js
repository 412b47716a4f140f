// Loaded before the first paint, so that nobody who chose dark sees a white flash; and there whatever else is not.
(() => {
  try {
    const chosen = localStorage.getItem("lofi-theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden: then the system's colours are used.
  }
  // A page takes no click before its script is there (page.js). Where that never comes, its links are of use even so.
  window.addEventListener("load", () => {
    const main = document.getElementById("main");
    if (!main?.inert) return;
    main.inert = false;
    const banner = document.getElementById("banner");
    banner.textContent = "This page did not come whole. Load it again.";
    banner.hidden = false;
  });
})();
