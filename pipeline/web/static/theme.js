// Loaded before the first paint, so that nobody who chose dark sees a white flash.
(() => {
  try {
    const chosen = localStorage.getItem("lofi-theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden: then the system's colours are used.
  }
})();
