"""One question to the language model's server: bounded in bytes and tokens, every failure said in plain words.

The SDK's own retries are off; conversation.py decides what is asked again. The total time is its business too: it
cancels a question at the deadline, wherever in the answer's headers or body that falls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx2
import openai
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from pipeline.domain import Seconds
from pipeline.domain.line import one_line
from pipeline.errors import BackendUnavailable

LARGEST_BODY = 4_000_000
"""Bytes of an answer that are read; an album of a hundred tracks takes some 100,000."""

_PACKED = ("", "identity", "gzip", "deflate")
"""Encodings whose unpacked size cannot run away between two looks at it."""

_FRAMING = ("content-encoding", "content-length", "transfer-encoding")
_NO_KEY = "none"
_REDACTED = 12
"""A key of this length or more is cut out of whatever a server sends back; "none" and "ollama" are no secrets."""


class NoAnswer(openai.OpenAIError):
    """The server did not answer. `again` says whether asking again may help, `pause` when it wants to be asked."""

    def __init__(self, reason: str, *, again: bool = False, pause: Seconds | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.pause = pause


class NotAccepted(Exception):
    """The server does not take a question in this form; `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Reply:
    """What the model said; `cut` when it ran into the limit of tokens."""

    text: str
    cut: bool


class _Message(BaseModel):
    model_config = ConfigDict(extra="ignore")

    content: str | None = None

    @field_validator("content", mode="before")
    @classmethod
    def _joined(cls, content: object) -> object:
        """Some servers send the text in parts."""
        if isinstance(content, list):
            return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
        return content


class _Choice(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: _Message = _Message()
    finish_reason: str | None = None


class _Completion(BaseModel):
    model_config = ConfigDict(extra="ignore")

    choices: list[_Choice]


class _Bounded(httpx2.AsyncClient):
    """A client that follows no redirect, reads no more than LARGEST_BODY bytes, and keeps the key out of answers."""

    def __init__(self, key: str, timeout: Seconds) -> None:
        super().__init__(timeout=timeout, follow_redirects=False, headers={"Accept-Encoding": "identity"})
        self._secret = key.encode() if len(key) >= _REDACTED else b""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request and return the answer, read to its end."""
        response = await super().send(request, **{**options, "stream": True, "follow_redirects": False})
        try:
            if response.headers.get("content-encoding", "").lower() not in _PACKED:
                raise NoAnswer("its answer was packed in a way that was not asked for")
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > LARGEST_BODY:
                    raise NoAnswer(f"its answer was longer than {LARGEST_BODY // 1_000_000} MB")
        finally:
            await response.aclose()
        content = bytes(body).replace(self._secret, b"(the key)") if self._secret else bytes(body)
        headers = [pair for pair in response.headers.multi_items() if pair[0].lower() not in _FRAMING]
        return httpx2.Response(response.status_code, headers=headers, content=content, request=request)


class Server:
    """A server that speaks OpenAI's chat protocol, used inside `async with`."""

    def __init__(self, model: str, address: str, key: str | None, timeout: Seconds, *, official: bool) -> None:
        """Prepare to ask `model` at `address`. The SDK's settings for OpenAI itself go to an `official` server only.

        Raises BackendUnavailable when the address or a proxy's cannot be used.
        """
        self._model = model
        try:
            self._client = openai.AsyncOpenAI(
                api_key=key or _NO_KEY,
                base_url=address,
                max_retries=0,
                timeout=timeout,
                http_client=_Bounded(key or _NO_KEY, timeout),
            )
        except (httpx2.InvalidURL, ValueError, ImportError, OSError) as error:
            # What it says may hold a proxy's password: its kind is enough to go by.
            raise BackendUnavailable(
                f"No connection to the language model's server can be set up ({type(error).__name__}).",
                "Check OPENAI_BASE_URL, and HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE where they are set.",
            ) from None
        self._client.admin_api_key = None
        if not official:
            self._client.organization = self._client.project = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def ask(self, messages: Sequence[Mapping[str, str]], options: Mapping[str, Any]) -> Reply:
        """Ask once. Raises NoAnswer, NotAccepted, or BackendUnavailable when no question can succeed."""
        failure: Exception
        turns: Any = list(messages)
        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                model=self._model, messages=turns, stream=False, **options
            )
        except openai.APIStatusError as error:
            failure = _refusal(error.status_code, error.response)
        except openai.APITimeoutError:
            failure = NoAnswer("it did not answer in time")
        except openai.APIConnectionError as error:
            failure = NoAnswer(_broken(error.__cause__), again=True)
        except NoAnswer as error:
            failure = error
        except openai.OpenAIError as error:
            failure = NoAnswer(f"the SDK could not ask it ({type(error).__name__})")
        else:
            return _reply(raw.http_response)
        # Outside the handlers: the SDK's exceptions hold the request with the key in its headers.
        raise failure


def _reply(response: httpx2.Response) -> Reply:
    try:
        choices = _Completion.model_validate_json(response.content).choices
    except ValidationError:
        kind = one_line(response.headers.get("content-type", ""))[:60].partition(";")[0] or "nothing it has a name for"
        raise NoAnswer(f"what it sent back was not a chat completion ({_said(response) or kind})", again=True) from None
    first = choices[0] if choices else _Choice()
    # Half a surrogate pair can be written in JSON, and could not be sent back.
    text = (first.message.content or "").encode("utf-8", "replace").decode()
    return Reply(text, first.finish_reason == "length")


def _refusal(status: int, response: httpx2.Response) -> Exception:
    said = _said(response)
    words = f"error {status}" + (f" ({said})" if said else "")
    if status in (401, 403):
        return BackendUnavailable(
            f"The language model's server refused the key: {words}.",
            "Set OPENAI_API_KEY (or LOFI_OPENAI_API_KEY) to a key it knows, or use --writer offline.",
        )
    if status == 404:
        return BackendUnavailable(
            f"The language model's server does not have the model or the address: {words}.",
            "Check LOFI_OPENAI_MODEL and OPENAI_BASE_URL (most addresses end in /v1), or use --writer offline.",
        )
    if 300 <= status < 400:
        return BackendUnavailable(
            f"The language model's server is somewhere else: {words}.", "Put its final address in OPENAI_BASE_URL."
        )
    if status == 429:
        return NoAnswer(f"it answered with {words}", again="insufficient_quota" not in said, pause=_pause(response))
    if status in (408, 409, 425) or status >= 500:
        return NoAnswer(f"it answered with {words}", again=True, pause=_pause(response))
    if status == 402:
        return NoAnswer(f"it answered with {words}")
    return NotAccepted(words)


def _said(response: httpx2.Response) -> str:
    """Return the server's own words about an error, on one line; nothing when they are not JSON."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return ""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = ", ".join(str(error[name]) for name in ("message", "detail", "code") if error.get(name))
    return one_line(error[:1000])[:200] if isinstance(error, str) else ""


def _broken(cause: BaseException | None) -> str:
    if isinstance(cause, httpx2.ConnectError):
        return "nothing answers at its address"
    return "the connection broke off"


def _pause(response: httpx2.Response) -> Seconds | None:
    """Return how long the server asks to be left alone: Retry-After in seconds or as a date; None when it does not."""
    milliseconds, after = response.headers.get("retry-after-ms", ""), response.headers.get("retry-after", "")
    for text, unit in ((milliseconds, 1000), (after, 1)):
        if text.strip().isdecimal() and text.isascii():
            return int(text[:12]) / unit
    try:
        when = parsedate_to_datetime(after)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
