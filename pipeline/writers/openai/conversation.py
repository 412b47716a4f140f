"""The conversation with the model: the rungs of the ladder, the repairs, and an end that is kept whatever happens.

    rung 1   the schema goes to the server as `json_schema`
    rung 2   `json_object`, the schema is in the prompt
    rung 3   plain chat: one message, no option at all

A server that refuses a rung is asked on the next. Whatever the rung, the object is looked for in the text: bare, in
a fence, after thoughts. An answer that cannot be used is sent back with what is wrong, twice at most.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any, Generic, Protocol, TypeVar

from pipeline.domain import Seconds
from pipeline.writers.openai.form import NotReadable
from pipeline.writers.openai.server import NoAnswer, NotAccepted, Reply, Server
from pipeline.writers.openai.wording import Message, again

REPAIRS = 2
"""How often an answer is sent back."""

RETRIES = 2
"""How often a question is asked again that got no answer."""

MOST_CALLS = 10
"""Requests one album may cost, those a server refuses at once included."""

LAST_RUNG = 3
_GRACE = 2.0
"""Seconds after the deadline in which what cannot be cancelled, a name being looked up, may still come to an end."""

T = TypeVar("T")


@dataclass(frozen=True)
class Reading(Generic[T]):
    """An answer that can be used, and what is wrong with it all the same, for the model to read."""

    value: T
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The best answer there was, and in plain words why there was no better one; "" when nothing is wrong with it."""

    best: Reading[T] | None
    reason: str


class Said(Protocol):
    """Says what opens the conversation and what sends an answer back."""

    def opening(self, schema: str | None) -> tuple[str, str]:
        """Return what the system and what the user says, with the schema in it when given."""
        ...

    def repair(self, faults: tuple[str, ...]) -> str:
        """Return what is said about an answer with these faults."""
        ...


@dataclass(frozen=True)
class Terms:
    """What a conversation may cost: `deadline` in all, `tokens` an answer, `backoff` seconds before the first retry."""

    deadline: Seconds
    backoff: Seconds
    tokens: int
    official: bool
    """Whether the server is OpenAI's own, which has its own name for the limit of tokens."""


class Conversation(Generic[T]):
    """Asks until `read` accepts an answer, or a limit is reached."""

    def __init__(
        self,
        connect: Callable[[], Server],
        said: Said,
        schema: dict[str, Any],
        read: Callable[[str], Reading[T]],
        terms: Terms,
    ) -> None:
        self._connect = connect
        self._said = said
        self._schema = schema
        self._read = read
        self._terms = terms
        self._rung = 1
        self._best: Reading[T] | None = None
        names = ["max_completion_tokens", "max_tokens"]
        self._limits = [{name: terms.tokens} for name in (names if terms.official else reversed(names))] + [{}]

    def hold(self) -> Outcome[T]:
        """Have the conversation, in a thread of its own: a stuck library cannot keep anybody beyond the deadline.

        Raises BackendUnavailable when the server refuses the key, the model or the address.
        """
        future: Future[Outcome[T]] = Future()

        def work() -> None:
            try:
                future.set_result(asyncio.run(self._to_its_end()))
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                future.set_exception(error)

        Thread(target=work, name="language model", daemon=True).start()
        try:
            return future.result(self._terms.deadline + _GRACE)
        except TimeoutError:
            return self._too_late()

    def _too_late(self) -> Outcome[T]:
        return Outcome(self._best, f"it was not done within {self._terms.deadline:g} seconds")

    async def _to_its_end(self) -> Outcome[T]:
        try:
            async with asyncio.timeout(self._terms.deadline), self._connect() as server:
                reason = await self._talk(server)
        except TimeoutError:
            return self._too_late()
        except NoAnswer as failure:
            reason = failure.reason
        except NotAccepted as refusal:
            reason = f"it does not take the question: {refusal.reason}"
        return Outcome(self._best, reason)

    async def _talk(self, server: Server) -> str:
        """Ask and ask again; return why the last answer is no good, or "" when it is."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._terms.deadline
        turns: list[Message] = []
        repairs = retries = 0
        for _ in range(MOST_CALLS):
            try:
                reply = await server.ask(self._messages(turns), self._options())
            except NotAccepted as refusal:
                self._step_down(refusal)
                continue
            except NoAnswer as failure:
                pause = self._terms.backoff * 2**retries if failure.pause is None else failure.pause
                if not failure.again or retries == RETRIES:
                    raise
                if pause >= end - loop.time():
                    raise NoAnswer(f"{failure.reason} and asked for a pause of {pause:.0f} seconds") from None
                retries += 1
                await asyncio.sleep(pause)
                continue
            faults = self._faults(reply)
            if not faults:
                return ""
            if repairs == REPAIRS:
                return f"its answer was not usable after {REPAIRS} corrections: {faults[0]}"
            repairs += 1
            turns = again(reply.text, self._said.repair(faults))
        return f"it took more than {MOST_CALLS} requests"

    def _faults(self, reply: Reply) -> tuple[str, ...]:
        """Read an answer, keep it if it is the best so far, and return what is wrong with it."""
        try:
            reading = self._read(reply.text)
        except NotReadable as error:
            if reply.cut:
                return ("The answer was cut off at the limit of tokens. Write less: shorter prompts and concept.",)
            # A server that keeps to the schema would not have let this pass: it has to be said in words.
            self._rung = max(self._rung, 2)
            return error.args
        if self._best is None or len(reading.faults) < len(self._best.faults):
            self._best = reading
        return reading.faults

    def _messages(self, turns: list[Message]) -> list[Message]:
        system, user = self._said.opening(None if self._rung == 1 else json.dumps(self._schema))
        if self._rung == LAST_RUNG:  # some templates know no system
            return [{"role": "user", "content": f"{system}\n\n{user}"}, *turns]
        return [{"role": "system", "content": system}, {"role": "user", "content": user}, *turns]

    def _options(self) -> dict[str, Any]:
        if self._rung == 1:
            form = {"name": "album", "strict": True, "schema": self._schema}
            return {"response_format": {"type": "json_schema", "json_schema": form}, **self._limits[0]}
        if self._rung == 2:
            return {"response_format": {"type": "json_object"}, **self._limits[0]}
        return dict(self._limits[0])

    def _step_down(self, refusal: NotAccepted) -> None:
        """Ask for less, or give up with what the server said when there is nothing left to do without."""
        about_tokens = "max_tokens" in refusal.reason or "max_completion_tokens" in refusal.reason
        if about_tokens and len(self._limits) > 1:
            del self._limits[0]
        elif self._rung < LAST_RUNG:
            self._rung += 1
        else:
            raise refusal
