"""The Prefect flow: each step of an album as a task."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any, TypeVar

from prefect import Flow, flow, get_client, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun, State, StateType, TaskRun
from prefect.context import FlowRunContext
from prefect.events.worker import EventsWorker
from prefect.exceptions import TerminationSignal
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.tasks import Task

from flows.prefect_server import Lost, answers
from flows.tables import ranked_markdown
from pipeline.album import make_album
from pipeline.domain import Album, Brief
from pipeline.steps.conductor import RETRIES, RETRY_PAUSE, Promise, worth_retrying
from pipeline.steps.plan import finished_album
from pipeline.steps.session import Label

R = TypeVar("R")

PREFECT_AND_ITS_WIRES = {"prefect", "httpx", "httpcore", "websockets", "anyio"}
"""Where an exception comes from that says nothing about the album."""


def _retry(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and worth_retrying(error)


class PrefectConductor:
    """Starts each step as a Prefect task of the running flow."""

    def start(self, name: str, step: Callable[..., R], *args: Any) -> Promise[R]:
        """Submit a step as a task run called `name`."""
        as_task: Task[..., R] = task(
            name=name.split(maxsplit=1)[0],
            task_run_name=lambda: name,  # a plain string would be formatted, and titles may hold braces
            retries=RETRIES,
            retry_delay_seconds=RETRY_PAUSE,
            retry_condition_fn=_retry,
            # Prefect's results are not a record of truth: what is finished is on the shelf and found there.
            cache_policy=NO_CACHE,
            persist_result=False,
        )(step)
        promise: Promise[R] = as_task.submit(*args)
        return promise


def _entered(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001 - Prefect's names
    """Wait until the server has entered every task's end: what it has not when it leaves would stay pending for ever.

    Task states travel as events, which the server takes at once and enters when it has time. A busy machine is given
    a quarter of a minute; the album does not hang on it.
    """
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run.id]))
    open_states = [kind for kind in StateType if kind not in TERMINAL_STATES]
    unfinished = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=open_states)))
    until = time.monotonic() + 15
    with get_client(sync_client=True) as client:
        while client.read_task_runs(flow_run_filter=of_run, task_run_filter=unfinished, limit=1):
            if time.monotonic() > until:
                return
            time.sleep(0.2)


@flow(name="make-album", validate_parameters=False, persist_result=False, on_completion=[_entered])
def make_album_flow(label: Label, brief: Brief) -> Album:
    """Make one album and leave its ranked table and cover as artifacts."""
    album = make_album(label, brief, PrefectConductor(), "prefect")
    folder = label.shelf.album(album.slug)
    create_markdown_artifact(ranked_markdown(album), key=f"takes-{album.slug}", description=album.plan.title)
    cover = folder.path("cover.png").resolve().as_uri()
    create_link_artifact(cover, link_text=f"Cover of {album.plan.title}", key=f"cover-{album.slug}")
    return album


def run_flow(label: Label, brief: Brief, api_url: str) -> Album:
    """Run the flow against a Prefect API.

    An album that is whole on the shelf is made, whatever becomes of Prefect meanwhile. Raises Lost
    when Prefect was lost before that, and whatever the steps raise.

    The heartbeat is off: joining its thread costs a second a run, and the lease on the album already tells the
    dead from the living.
    """
    logging.getLogger("EventsWorker").setLevel(logging.CRITICAL)  # it has a level of its own
    with temporary_settings({PREFECT_API_URL: api_url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        named = make_album_flow.with_options(flow_run_name=lambda: brief.theme[:60])
        try:
            return named(label, brief)
        except TerminationSignal as error:
            if FlowRunContext.get() is not None:
                raise  # the flow that this one is a part of settles it
            raise KeyboardInterrupt from error  # what SIGTERM is at every other moment; see flows/doors.py
        except Exception as error:
            if not comes_from_prefect(error):
                raise
            made = finished_album(label.shelf, label.catalogue, brief)
            if made is None:
                raise Lost(
                    f"Prefect was lost on the way ({type(error).__name__}).",
                    "Run the same command again, which makes nothing twice, or add --plain to work without Prefect.",
                ) from error
            return made
        finally:
            _settle(api_url)


def comes_from_prefect(error: BaseException) -> bool:
    """Whether an exception says something about Prefect or the way to it, and nothing about the album."""
    return type(error).__module__.partition(".")[0] in PREFECT_AND_ITS_WIRES


def _settle(api_url: str) -> None:
    """Let the server have the last task states, which travel as events in the background.

    The server may end as soon as this returns. A slow one is given a minute; what a lost one has not taken is given
    up: the album does not hang on it.
    """
    _, waiting = EventsWorker.drain_all(timeout=5)  # type: ignore[misc]  # a coroutine only inside an event loop
    for _ in range(12):
        if not waiting or not answers(api_url):
            return
        _, waiting = futures.wait(waiting, timeout=5)
