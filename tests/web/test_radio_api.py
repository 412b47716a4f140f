"""The API of a radio keeps to what it says of itself, whatever it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from patience import PATIENCE
from radio_room import TOKEN, radio
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from tone_studio import Tones

from flows.radio import Serving


@pytest.fixture(scope="module")
def air(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with radio(tmp_path_factory.mktemp("radio"), Tones(length=4.0)) as serving:
        yield serving


def test_the_api_keeps_to_its_description(air: Serving) -> None:
    """No fault inside, and no answer that is not described: neither its status nor its body."""
    port = air.address.rstrip("/").rpartition(":")[2]
    headers = {"X-CSRF-Token": TOKEN, "Cookie": f"lofi-csrf-{port}={TOKEN}"}
    schema = schemathesis.openapi.from_url(f"{air.address}api/openapi.json").exclude(path="/api/events")
    seen = []
    for found in schema.get_all_operations():
        operation = found.ok()
        seen.append(operation.label)

        @given(case=operation.as_strategy())
        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
        def keeps_its_word(case: Any) -> None:
            answer = case.call(headers=headers, timeout=PATIENCE)
            checks = [not_a_server_error, response_schema_conformance, status_code_conformance]
            case.validate_response(answer, checks=checks)

        keeps_its_word()
    assert {"POST /api/steer", "POST /api/skip", "POST /api/love", "GET /api/now"} <= set(seen)
