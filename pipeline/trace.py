"""A trace of an album: which part worked on what, and when, so that one sees what waits for what.

Written as trace events, the JSON that Perfetto and chrome://tracing show:
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain import Seconds
from pipeline.errors import ShelfError
from pipeline.shelf.atomic import explained, writing


@dataclass(frozen=True)
class Span:
    """Work of one role: `name` says what, `start` and `end` are seconds from the trace's beginning."""

    role: str
    name: str
    start: Seconds
    end: Seconds


class Trace:
    """Collects spans from many threads."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    def now(self) -> Seconds:
        """Return the seconds since the trace began."""
        return time.monotonic() - self._start

    def add(self, span: Span) -> None:
        """Record a span."""
        with self._lock:
            self._spans.append(span)

    @property
    def spans(self) -> tuple[Span, ...]:
        """What was recorded so far, by start."""
        with self._lock:
            return tuple(sorted(self._spans, key=lambda span: (span.start, span.end)))

    def write(self, path: Path) -> None:
        """Write the trace as JSON, in place of an older one. Raises ShelfError."""
        rows = _rows(self.spans)
        names = dict.fromkeys(row for row, _ in rows)
        numbers = {row: number for number, row in enumerate(names)}
        events: list[dict[str, object]] = [
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": number, "args": {"name": row}}
            for row, number in numbers.items()
        ]
        events += [
            {
                "ph": "X",
                "name": span.name,
                "cat": span.role,
                "pid": 1,
                "tid": numbers[row],
                "ts": round(span.start * 1e6),
                "dur": round((span.end - span.start) * 1e6),
            }
            for row, span in rows
        ]
        with explained(path), writing(path.absolute()) as temp:
            temp.write_text(json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}) + "\n", encoding="utf-8")


def _rows(spans: tuple[Span, ...]) -> list[tuple[str, Span]]:
    """Give each span a row of its role that is free by then: a viewer shows what overlaps in rows of its own."""
    free: dict[str, list[Seconds]] = {}
    rows = []
    for span in spans:
        ends = free.setdefault(span.role, [])
        place = next((index for index, end in enumerate(ends) if end <= span.start), len(ends))
        ends[place : place + 1] = [span.end]
        rows.append((span.role if place == 0 else f"{span.role} {place + 1}", span))
    return rows


def require_place(path: Path) -> None:
    """Raise ShelfError unless a trace can be written to a file: in a folder that is there, over nothing but a trace."""
    if not path.absolute().parent.is_dir():
        raise ShelfError(f"There is no folder {path.absolute().parent} for the trace.", "Name a file in one that is.")
    if path.exists() and not _is_trace(path):
        raise ShelfError(f"{path} is there already, and is no trace.", "Name another file with --trace.")


def _is_trace(path: Path) -> bool:
    try:
        return "traceEvents" in json.loads(path.read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def read_trace(path: Path) -> tuple[Span, ...]:
    """Return the spans of a trace that `write` wrote, by start."""
    events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    spans = (
        Span(event["cat"], event["name"], event["ts"] / 1e6, (event["ts"] + event["dur"]) / 1e6)
        for event in events
        if event["ph"] == "X"
    )
    return tuple(sorted(spans, key=lambda span: (span.start, span.end)))


def overlap(spans: tuple[Span, ...], one: str, other: str) -> Seconds:
    """Return for how many seconds both roles were at work at the same time."""
    return sum(
        max(0.0, min(a_end, b_end) - max(a_start, b_start))
        for a_start, a_end in _merged(spans, one)
        for b_start, b_end in _merged(spans, other)
    )


def _merged(spans: tuple[Span, ...], role: str) -> list[tuple[Seconds, Seconds]]:
    """Return the stretches in which a role had work, none overlapping another."""
    merged: list[tuple[Seconds, Seconds]] = []
    for span in sorted((span for span in spans if span.role == role), key=lambda span: span.start):
        if merged and span.start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.end))
        else:
            merged.append((span.start, span.end))
    return merged
