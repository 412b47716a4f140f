"""`lofi make` with a language model as its writer, through the door."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from door import Door
from language_server import LanguageServer, fails, listening, request_in, sensible, titled
from pytest_httpserver import HTTPServer

KEY = "sk-very-secret-0123456789abcdef"
TITLES = ("Lanterns Under the Bridge", "Slow Ferry", "../../Harbour Lights")


@pytest.fixture(scope="module")
def http() -> Iterator[HTTPServer]:
    with listening() as http:
        yield http


def by_the_model(server: LanguageServer) -> dict[str, str]:
    return {"LOFI_WRITER": "openai", "OPENAI_BASE_URL": server.address, "OPENAI_API_KEY": KEY, "NO_PROXY": "127.0.0.1"}


def test_the_plan_is_the_models(door: Door, http: HTTPServer) -> None:
    """`--dry-run --json` shows the album the language model wrote, and writes nothing."""
    server = LanguageServer(http, titled(*TITLES), path="/plan")
    shown = door.make("--tracks", "2", "--dry-run", **by_the_model(server))
    assert (shown["plan"]["title"], *(track["title"] for track in shown["plan"]["tracks"])) == TITLES
    assert server.keys == [f"Bearer {KEY}"]
    assert not door.library.exists()


@pytest.mark.slow
def test_an_album_says_who_wrote_it_and_holds_no_key(door: Door, http: HTTPServer) -> None:
    """The manifest credits the model, files stay in the library, none holds the key, and the next album is told."""
    server = LanguageServer(http, titled(*TITLES), path="/album")
    small = ("--tracks", "2", "--seconds", "10", "--takes", "1", "--plain")
    said = door.run("make", "harbour at night", *small, "--json", **by_the_model(server))
    assert said.returncode == 0, said.stderr
    assert KEY not in said.stdout + said.stderr
    folder = door.album(json.loads(said.stdout)["slug"])
    manifest = json.loads((folder / "album.json").read_text())
    assert manifest["writer"]["name"] == "openai" and manifest["notes"] == []
    assert manifest["plan"]["title"] == TITLES[0]
    files = [path for path in door.library.parent.rglob("*") if path.is_file()]
    assert all(path.is_relative_to(door.library) for path in files if path.suffix == ".flac")
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    server.turns = [sensible]
    door.make("--tracks", "2", "--dry-run", **by_the_model(server))
    assert TITLES[0].casefold() in request_in(server.asked[-1])["titles_already_used"]


def test_a_refused_key_is_one_line_and_begins_no_album(door: Door, http: HTTPServer) -> None:
    """Exit 2, the variable to set, no traceback, no key."""
    server = LanguageServer(http, fails(401, f"Incorrect API key: {KEY}"), path="/refused")
    refused = door.run("make", "harbour", "--plain", **by_the_model(server))
    assert refused.returncode == 2
    assert "OPENAI_API_KEY" in refused.stderr and "Traceback" not in refused.stderr
    assert KEY not in refused.stdout + refused.stderr
    assert not list(door.library.glob("albums/*/plan.json"))


def test_without_a_key_it_says_what_to_set(door: Door) -> None:
    """Exit 2 and one line, before anything is begun."""
    refused = door.run("make", "harbour", "--plain", LOFI_WRITER="openai", OPENAI_API_KEY="", OPENAI_BASE_URL="")
    assert refused.returncode == 2
    assert "OPENAI_API_KEY" in refused.stderr and "OPENAI_BASE_URL" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
