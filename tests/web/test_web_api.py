"""The JSON API is described in full, and refuses in the words of those who use it."""

from __future__ import annotations

from typing import Any

import pytest
from review_room import an_album, on_take, writing
from starlette.testclient import TestClient

METHODS = ("get", "post", "put", "delete", "patch", "head")


@pytest.fixture(scope="module")
def described(reader: TestClient) -> dict[str, Any]:
    description: dict[str, Any] = reader.get("/api/openapi.json").json()
    return description


def test_every_operation_is_described(described: dict[str, Any]) -> None:
    """Each has a name of its own, a summary, and says how it refuses."""
    names = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                assert operation["summary"], path
                refusals = [reply for status, reply in operation["responses"].items() if int(status) >= 400]
                assert {"403", "421", "422"} <= set(operation["responses"]), path
                for reply in refusals:
                    assert reply["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal"), path
                names.append(operation["operationId"])
    assert len(names) == len(set(names)) > 20


def test_what_somebody_else_decided_is_shown(client: TestClient) -> None:
    """The second of two decisions that exclude each other is refused with both, and nothing of it is kept."""
    album, headers = an_album(client), writing(client)
    assert client.post("/api/decisions", json=on_take(album, author="Ben"), headers=headers).status_code == 201
    late = client.post("/api/decisions", json=on_take(album, "rejected", note="too dull"), headers=headers)
    said = late.json()
    assert late.status_code == 409
    assert "rejected" in said["yours"] and "approved" in said["theirs"]
    assert [made["author"] for made in an_album(client)["decisions"]] == ["Ben"]


def test_what_was_decided_is_taken_back(client: TestClient) -> None:
    headers = writing(client)
    made = client.post("/api/decisions", json=on_take(an_album(client)), headers=headers).json()
    back = {"author": "Ben"}
    assert client.post(f"/api/decisions/{made['id']}/undo", json=back, headers=headers).json()["undone"]
    assert an_album(client)["decisions"][0]["undone"]


def test_a_reroll_orders_a_render(client: TestClient) -> None:
    """The order is there as soon as the decision is."""
    album, headers = an_album(client), writing(client)
    ask = {**on_take(album, "reroll"), "take": None, "version": album["version"]}
    assert client.post("/api/decisions", json=ask, headers=headers).status_code == 201
    (job,) = client.get("/api/jobs").json()
    assert (job["kind"], job["album"], job["words"], job["author"]) == ("changes", album["slug"], album["title"], "Ada")


def test_everybody_may_ask_for_their_own_ranking(client: TestClient, described: dict[str, Any]) -> None:
    """Queue, album and agreement take the name of whoever looks, and say so."""
    slug = an_album(client)["slug"]
    for path in ("/api/queue", f"/api/albums/{slug}", "/api/agreement"):
        assert client.get(path, params={"author": "bob"}).status_code == 200
        assert client.get(path, params={"author": "b" * 81}).status_code == 422
        operation = described["paths"][path.replace(slug, "{slug}")]["get"]
        assert "author" in {parameter["name"] for parameter in operation["parameters"]}


def test_what_is_not_there_is_not_found(client: TestClient) -> None:
    headers = writing(client)
    for path in (
        "/api/albums/no-such-album",
        "/sound/no-such-album/1/1.flac",
        "/clips/9/1.flac",
        f"/uploads/{'0' * 64}.flac",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("/api/jobs/99/stop", "/api/decisions/99/undo"):
        assert client.post(path, json={} if "undo" in path else None, headers=headers).status_code == 404
