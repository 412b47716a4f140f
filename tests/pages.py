"""Pages in a real browser as the tests look at them: what is there for a moment is noted, and nobody is hurried."""

from __future__ import annotations

from patience import PATIENCE, until
from playwright.sync_api import BrowserContext, Page, expect

expect.set_options(timeout=1000 * PATIENCE)

NOTED = """
window.toasted = [];
new MutationObserver((changes) => {
  for (const one of changes.flatMap(({ addedNodes }) => [...addedNodes]))
    if (one instanceof Element && one.matches(".toast")) toasted.push(one.querySelector("p").textContent);
}).observe(document, { childList: true, subtree: true });
"""
"""What toasts say: they are gone after seconds, whether a test has looked by then or not."""

SLOWLY = """
const rate = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "playbackRate");
Object.defineProperty(HTMLMediaElement.prototype, "playbackRate", {
  ...rate,
  get() { return 4 * rate.get.call(this); },
  set(value) { rate.set.call(this, value / 4); },
});
"""
"""What a player plays takes four times as long: ten seconds are over soon where a machine stands still for some."""


def unhurried(context: BrowserContext, *, slowly: bool = False) -> None:
    """Prepare a browser for the tests; `slowly` where sound of some seconds is played."""
    context.set_default_timeout(1000 * PATIENCE)
    context.set_default_navigation_timeout(1000 * PATIENCE)
    context.add_init_script(NOTED)
    if slowly:
        context.add_init_script(SLOWLY)


def toasts(page: Page) -> list[str]:
    """What was said since the page was loaded, the oldest first."""
    said: list[str] = page.evaluate("toasted")
    return said


def toasted(page: Page, *texts: str) -> None:
    """Wait until one of these was said, on a toast that may be gone by now."""
    until(lambda: any(text in said for said in toasts(page) for text in texts))
