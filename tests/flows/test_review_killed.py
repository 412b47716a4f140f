"""An evening's review of 200 takes, with the room killed at random: every decision is there, once, as it was made."""

from __future__ import annotations

import random
import signal
import threading
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from door import Door
from room_outside import ReviewRoom, ask, many_albums

from pipeline.catalogue import Catalogue
from pipeline.catalogue.meaning import words_of

ALBUMS, TRACKS = 20, 5
TAKES = 2 * ALBUMS * TRACKS


class Reviewer:
    """Decides on every take, and goes on as the page does when the room does not answer."""

    def __init__(self, room: ReviewRoom) -> None:
        self.room = room
        self.opening = threading.Lock()

    def again(self) -> None:
        with self.opening:
            self.room.wait()
            self.room.open()

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        while True:
            try:
                with self.room.client() as client:
                    return client.request(method, path, **more)
            except httpx.TransportError:
                self.again()

    def decide(self, slug: str, track: int, take: int, decision: str) -> None:
        note = "" if decision == "approved" else f"take {take} is not it"
        while True:
            album = self.call("GET", f"/api/albums/{slug}").json()
            (found,) = (
                t for each in album["tracks"] if each["track"] == track for t in each["takes"] if t["take"] == take
            )
            if found["decided"] is not None:  # the answer was lost, the decision was not
                assert (found["decided"], found["reason"]) == (decision, note)
                return
            said = self.call(
                "POST",
                "/api/decisions",
                json=ask(album, decision, track=track, take=take, note=note) | {"version": found["version"]},
            )
            if said.status_code == 201:
                return
            assert said.status_code == 409, said.text


@pytest.mark.slow
def test_nothing_is_lost_when_the_room_is_killed_at_random(tmp_path: Path) -> None:
    """And what was decided is on the very version that was heard, by who decided it."""
    door, chance = Door(tmp_path / "library", tmp_path), random.Random(6)
    made = many_albums(door.library, ALBUMS, TRACKS)
    wanted = {
        (album.slug, take.order.track.number, take.order.index): chance.choice(("approved", "rejected"))
        for album in made
        for take in album.takes
    }
    assert len(wanted) == TAKES
    room = ReviewRoom(door).open()
    reviewer = Reviewer(room)
    kills = set(chance.sample(range(TAKES), 6))
    try:
        for number, ((slug, track, take), decision) in enumerate(wanted.items()):
            if number in kills:  # somewhere within the next decision
                victim = room.process
                assert victim is not None
                timer = threading.Timer(chance.uniform(0.0, 0.03), victim.send_signal, [signal.SIGKILL])
                timer.start()
            reviewer.decide(slug, track, take, decision)
            if number in kills:
                timer.join()
    finally:
        room.end()
    with Catalogue.open(door.library / "catalogue.db") as catalogue:
        decided = catalogue.review.all_decisions()
        words = {(slug, *key): each for slug, rows in decided.items() for key, each in words_of(rows).items()}
    assert {key: each.decision for key, each in words.items()} == wanted
    hashes = {(a.slug, t.order.track.number, t.order.index): t.sha256 for a in made for t in a.takes}
    assert {key: each.version for key, each in words.items()} == hashes
    assert {each.author for each in words.values()} == {"mia"}
    assert sum(map(len, decided.values())) == TAKES  # none twice
