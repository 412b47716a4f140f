"""The API does what its description says, whatever is sent to it: no answer is an error of the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from room_outside import TOKEN, many_albums
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from flows.workbench import Workbench
from pipeline.library import open_library
from pipeline.review.room import Room
from pipeline.settings import Settings
from pipeline.web.app import create_app
from pipeline.web.behind import Doors


@schemathesis.serializer("audio/*")
def as_sound(_: object, value: object) -> bytes:
    """Send whatever is made up as the bytes of a sound."""
    return value if isinstance(value, bytes) else str(value).encode()


HOST = "127.0.0.1:8765"
ALLOWED = {"X-CSRF-Token": TOKEN, "Cookie": f"lofi-csrf-8765={TOKEN}", "Host": HOST}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description of a room over three albums; what is ordered there waits for ever."""
    root = tmp_path_factory.mktemp("described")
    many_albums(root / "library", 3, 2)
    said = Settings(library=root / "library", cache=root / "cache")
    with open_library(said) as (shelf, catalogue):
        workbench = Workbench(said, shelf, catalogue)  # not opened: nothing is made
        app = create_app(Room(shelf, catalogue, said.cache, "mia"), workbench, Doors(hosts=(HOST,), author="mia"))
        yield schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=ALLOWED)


CHECKED = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
EFFORT = settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_answer_is_one_that_is_described(described: Any) -> None:
    """Of every operation: its status, its kind and its shape; bad input is refused and breaks nothing."""
    operations = [found.ok() for found in described.get_all_operations()]
    finite = [each for each in operations if each.path != "/api/events"]  # which never ends
    assert len(finite) >= 25

    for operation in finite:

        @EFFORT
        @given(operation.as_strategy())
        def conforms(case: Case) -> None:
            case.headers.update(ALLOWED)
            case.call_and_validate(checks=CHECKED)

        conforms()
