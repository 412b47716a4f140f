"""What is ordered in the review room is made by the flow: beside it, once, and to the end whatever is killed."""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import soundfile
from door import SMALL, Door
from patience import until
from room_outside import ReviewRoom, ask

SEED = ("--seed", "7")
THEME = "rainy library at night"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Door:
    """A library with one album."""
    door = Door(tmp_path_factory.mktemp("room") / "library", home)
    door.make(*SMALL, *SEED, "--plain", theme=THEME)
    return door


@pytest.fixture(scope="module")
def room(door: Door) -> Iterator[ReviewRoom]:
    room = ReviewRoom(door).open()
    yield room
    if room.process is not None and room.process.poll() is None:
        room.end()


def job(client: httpx.Client, number: int) -> dict[str, Any]:
    (found,) = (each for each in client.get("/api/jobs").json() if each["id"] == number)
    return dict(found)


def ended(client: httpx.Client, number: int) -> dict[str, Any]:
    until(lambda: job(client, number)["state"] in ("done", "failed", "stopped"))
    return job(client, number)


def order(client: httpx.Client, kind: str, words: str, **wanted: Any) -> dict[str, Any]:
    said = client.post("/api/jobs", json={"kind": kind, "words": words, "wanted": wanted})
    assert said.status_code in (200, 201), said.text
    return dict(said.json())


def album_of(client: httpx.Client, slug: str) -> dict[str, Any]:
    return dict(client.get(f"/api/albums/{slug}").json())


def the_album(client: httpx.Client) -> dict[str, Any]:
    (slug,) = (row["slug"] for row in client.get("/api/albums").json() if row["theme"] == THEME)
    return album_of(client, slug)


def test_a_reroll_is_rendered_by_the_flow_and_heard(room: ReviewRoom, door: Door) -> None:
    """Asked for once, it is one render in the ledger; the album made with it waits for approval."""
    with room.client() as client:
        album = the_album(client)
        said = client.post("/api/decisions", json=ask(album, "reroll", track=2))
        assert said.status_code == 201
        (number,) = (each["id"] for each in client.get("/api/jobs").json() if each["kind"] == "changes")
        made = ended(client, number)
        assert (made["state"], made["album"], made["share"]) == ("done", album["slug"], 1.0), made
        now = the_album(client)
        takes = next(track["takes"] for track in now["tracks"] if track["track"] == 2)
        assert sorted(take["take"] for take in takes) == [1, 2, 3]
        assert (now["status"], now["changes"]) == ("draft", []) and now["version"] != album["version"]
        new = next(take for take in takes if take["take"] == 3)
        sound = client.get(new["audio"])
        assert soundfile.info(io.BytesIO(sound.content)).duration == pytest.approx(new["seconds"])
    assert door.run("verify").returncode == 0


def test_an_album_with_changes_waiting_is_approved_by_no_door(room: ReviewRoom, door: Door) -> None:
    """Neither on the page nor on the command line; made, heard and approved it can be released."""
    with room.client() as client:
        album = the_album(client)
        made = client.post("/api/decisions", json=ask(album, "retitled", track=1, value="Kettle <b>Song</b> / .."))
        assert made.status_code == 201
        album = the_album(client)
        said = client.post("/api/decisions", json=ask(album, "approved"))
        assert said.status_code == 409 and "not made yet" in said.json()["message"]
        refused = door.run("approve", album["slug"])
        assert refused.returncode == 1 and f"lofi remake {album['slug']}" in refused.stderr
        assert ended(client, order(client, "changes", album["slug"])["id"])["state"] == "done"
        album = the_album(client)
        assert client.post("/api/decisions", json=ask(album, "approved")).status_code == 201
        assert the_album(client)["status"] == "approved"
    manifest = json.loads((door.album(album["slug"]) / "album.json").read_text())
    assert "Kettle <b>Song</b> / .." in [track["title"] for track in manifest["tracks"]]
    assert door.run("verify").returncode == 0


def test_a_clip_is_ordered_and_heard_in_place(room: ReviewRoom) -> None:
    """With the options of `lofi render`; what the musician does not obey is not offered."""
    with room.client() as client:
        desk = client.get("/api/desk").json()
        offered = {control["name"] for control in desk["clip"]}
        assert {"seconds", "tempo", "key", "takes", "seed"} <= offered and not {"top_k", "melody"} & offered
        made = ended(client, order(client, "clip", "warm rhodes", seconds=10, tempo=76, takes=2)["id"])
        assert made["state"] == "done" and len(made["clips"]) == 2
        for place in made["clips"]:
            sound = client.get(place)
            assert soundfile.info(io.BytesIO(sound.content)).duration == pytest.approx(10, abs=1.5)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "album", "words": ""}, "theme is empty"),
        ({"kind": "album", "words": "rain", "wanted": {"tracks": 0}}, "--tracks"),
        ({"kind": "album", "words": "rain", "wanted": {"musician": "os:system"}}, "There is no musician"),
        ({"kind": "clip", "words": "rain", "wanted": {"ambience": "os:system"}}, "There is no ambience"),
        ({"kind": "album", "words": "rain", "wanted": {"library": "/etc"}}, "no control"),
        ({"kind": "clip", "words": "rain", "wanted": {"out": "/etc/passwd.flac"}}, "no control"),
        ({"kind": "clip", "words": ""}, "prompt is empty"),
        ({"kind": "clip", "words": "rain", "wanted": {"melody": "../../catalogue.db"}}, "not the name of an upload"),
        ({"kind": "changes", "words": "../albums"}, "not the name of an album"),
        ({"kind": "changes", "words": "no-such-album"}, "There is no album"),
    ],
)
def test_what_cannot_be_made_is_said_at_once(room: ReviewRoom, asked: dict[str, Any], said: str) -> None:
    """In one line, before anything is kept or started."""
    with room.client() as client:
        before = len(client.get("/api/jobs").json())
        refused = client.post("/api/jobs", json=asked)
        assert 400 <= refused.status_code < 500, refused.text
        assert said in refused.json()["message"] and "\n" not in refused.json()["message"]
        assert len(client.get("/api/jobs").json()) == before


def test_a_sound_is_handed_in(room: ReviewRoom, door: Door) -> None:
    """Decoded and written anew; what is no sound, or silent, is refused and leaves nothing."""
    tone = (0.3 * np.sin(np.arange(32_000) / 20)).astype(np.float32)
    wave = io.BytesIO()
    soundfile.write(wave, tone, 16_000, format="WAV")
    silence = io.BytesIO()
    soundfile.write(silence, 0 * tone, 16_000, format="WAV")
    kind = {"Content-Type": "audio/wav"}
    with room.client() as client:
        kept = client.post("/api/uploads", content=wave.getvalue(), headers=kind).json()
        assert kept["seconds"] == pytest.approx(2.0)
        heard, rate = soundfile.read(io.BytesIO(client.get(kept["audio"]).content))
        assert rate == 16_000 and np.allclose(heard.squeeze(), tone, atol=1e-4)
        for content in (b"RIFF and so on", silence.getvalue(), b"#!EXTM3U\nfile:///etc/passwd\n"):
            assert client.post("/api/uploads", content=content, headers=kind).status_code == 422
    assert [path.name for path in (door.library / "uploads").iterdir()] == [f"{kept['id']}.flac"]


def test_a_token_is_asked_for_on_this_machine_too(door: Door) -> None:
    """Where one is set, others use the machine as well."""
    guarded = ReviewRoom(door, token="a long secret of this house").open()
    try:
        with guarded.client() as client:
            assert client.get("/api/albums").status_code == 401
            bearer = {"Authorization": f"Bearer {guarded.token}"}
            assert client.get("/api/albums", headers=bearer).status_code == 200
    finally:
        guarded.end()


def test_an_order_is_made_to_its_end_when_the_room_is_killed(door: Door, room: ReviewRoom) -> None:
    """Killed while it is made, the next room goes on; stopped, it stays stopped. No take is paid for twice."""
    with room.client() as client:
        small = {"tracks": 2, "seconds": 10, "takes": 1, "seed": 7, "studio": "offline"}
        number = order(client, "album", "the last ferry", **small)["id"]
        until(lambda: job(client, number)["state"] in ("working", "done"))  # a machine that stalled shows it late
        slug = until(lambda: job(client, number)["album"])
    room.end(signal.SIGKILL)
    room.open()
    with room.client() as client:
        made = ended(client, number)
        assert (made["state"], made["album"]) == ("done", slug), made
        assert album_of(client, slug)["status"] == "draft"
        other = order(client, "album", "a tent in the rain", tracks=20, seconds=60, takes=3)["id"]
        until(lambda: job(client, other)["state"] == "working")
        assert client.post(f"/api/jobs/{other}/stop").json()["state"] == "stopped"
        assert ended(client, other)["state"] == "stopped"
        assert client.post(f"/api/jobs/{other}/again").json()["state"] in ("waiting", "working")
        until(lambda: job(client, other)["state"] == "working")
        assert client.post(f"/api/jobs/{other}/stop").json()["state"] == "stopped"


def test_page_and_flow_work_on_one_album_at_once(door: Door, room: ReviewRoom) -> None:
    """It fills in while it is made elsewhere; what is decided before takes are chosen is in it when it is finished."""
    words = ("make", "a slow canal boat", "--tracks", "6", "--seconds", "30", "--takes", "2", "--seed", "9", "--plain")
    run = door.start(*words, LOFI_WORKERS="1")
    with room.client() as client:

        def under_way() -> dict[str, Any] | None:
            for row in client.get("/api/albums").json():
                if row["theme"] == "a slow canal boat" and row["status"] == "in_progress":
                    album = album_of(client, row["slug"])
                    if album["going"] and any(take["score"] for track in album["tracks"] for take in track["takes"]):
                        return album
            return None

        album = until(under_way)
        assert 0 <= album["going"]["share"] < 1
        track = next(track for track in album["tracks"] if any(take["score"] for take in track["takes"]))
        take = next(take for take in track["takes"] if take["score"])
        rejected = ask(album, "rejected", track=track["track"], take=take["take"], note="no")
        assert client.post("/api/decisions", json=rejected | {"version": take["version"]}).status_code == 201
        title = ask(album, "retitled", track=track["track"], value="Lock Gate")
        assert client.post("/api/decisions", json=title).status_code == 201
        out, said = run.communicate(timeout=300)
        assert run.returncode == 0, said
        made = album_of(client, album["slug"])
        found = next(each for each in made["tracks"] if each["track"] == track["track"])
        assert (found["title"], made["changes"], made["going"]) == ("Lock Gate", [], None)
        assert found["chosen"] != take["take"]
        assert "Lock Gate" in out
