"""What may pass when tried again is tried again, a few times; what will not is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness

from flows.make_album import PrefectConductor
from pipeline.errors import BackendFailed, Damaged, LofiError
from pipeline.steps.conductor import RETRIES, Conductor, PlainConductor

FAILED = BackendFailed("The musician fell asleep.")
BROKEN = Damaged("Half of the take is missing.")


class Script:
    """A step that raises what is written for its first starts, then returns "good"; it counts its starts."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = errors
        self._lock = threading.Lock()
        self.starts = 0

    def __call__(self) -> str:
        with self._lock:
            self.starts += 1
            start = self.starts
        if start <= len(self._errors):
            raise self._errors[start - 1]
        return "good"


def played(conductor: Conductor, scripts: dict[str, Script]) -> dict[str, tuple[str, int]]:
    """Play every script through a conductor at once; return how each ended and how often it was started."""

    def steps(script: Script) -> str:
        return script()

    promises = {name: conductor.start(name, steps, script) for name, script in scripts.items()}
    ends = {}
    for name, promise in promises.items():
        try:
            ends[name] = (promise.result(), scripts[name].starts)
        except (LofiError, ZeroDivisionError) as error:
            ends[name] = (type(error).__name__, scripts[name].starts)
    return ends


def scripts() -> dict[str, Script]:
    """Write one script for every way a step may go."""
    return {
        "well": Script(),
        "once": Script(FAILED),
        "ever": Script(*[FAILED] * 9),
        "broken": Script(BROKEN),
        "bug": Script(ZeroDivisionError()),
        "worse": Script(FAILED, BROKEN),
    }


EXPECTED = {
    "well": ("good", 1),
    "once": ("good", 2),
    "ever": ("BackendFailed", 1 + RETRIES),
    "broken": ("Damaged", 1),
    "bug": ("ZeroDivisionError", 1),
    "worse": ("Damaged", 2),
}
"""How each script ends and after how many starts, whoever conducts."""


def test_without_prefect_only_what_may_pass_is_tried_again() -> None:
    """A failing backend is started up to three times; damaged files and mistakes in the program only once."""
    with PlainConductor(pause=0.01) as conductor:
        assert played(conductor, scripts()) == EXPECTED


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server with a database of its own."""
    with prefect_test_harness(server_startup_timeout=60):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_with_prefect_only_what_may_pass_is_tried_again() -> None:
    """The same steps as Prefect tasks are started exactly as often."""

    @flow(name="rehearsal", persist_result=False)
    def rehearsal() -> dict[str, tuple[str, int]]:
        return played(PrefectConductor(), scripts())

    assert rehearsal() == EXPECTED
