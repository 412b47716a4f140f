"""The night shift's page, as the server draws it and as its JSON says it."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from pipeline.library import open_library
from pipeline.settings import Settings


def test_the_page_shows_what_came_of_the_shifts_and_why(client: TestClient, library: Path) -> None:
    """A failure with its reason as text and nothing else, rests of one reason together, and nobody on shift."""
    with open_library(Settings(library=library)) as (_, catalogue):
        for _ in range(3):
            catalogue.shifts.note("cron", "rested", "2 of at most 2 albums a day were begun today.")
        catalogue.shifts.note("now", "failed", "<script>alert(1)</script> is down.")
    page = client.get("/night").text
    assert "Nobody is on shift" in page and "3 times since" in page and "2 of at most 2 albums" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; is down." in page and "<script>alert" not in page
    said = client.get("/api/night").json()
    assert [(row["outcome"], row["times"]) for row in said["shifts"]] == [("failed", 1), ("rested", 3)]
    assert said["on"] is None and said["budgets"][-1]["name"] == "Disk"


def test_an_album_of_a_shift_is_a_way_to_it(client: TestClient, library: Path) -> None:
    """By its title."""
    (row,) = client.get("/api/albums").json()
    with open_library(Settings(library=library)) as (_, catalogue):
        shift = catalogue.shifts.begin("cron")
        catalogue.shifts.end(shift.id, "made", "It was time.", row["slug"])
    assert f'<a href="/albums/{row["slug"]}">{row["title"]}</a>' in client.get("/night").text
