"""OpenAIWriter: a language model plans the album; when it cannot, another writer stands in and the notes say why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from pipeline.domain import Backend, Brief, Seconds
from pipeline.errors import BackendUnavailable
from pipeline.prompts import find_style
from pipeline.roles import Draft, Writer
from pipeline.writers.openai.fitting import Repertoire
from pipeline.writers.openai.form import schema
from pipeline.writers.openai.titles import title_key
from pipeline.writers.openai.wording import Wording

OFFICIAL = "https://api.openai.com/v1"

DEADLINE = 120.0
"""Seconds until the album must be written, repairs and pauses included."""

_TOKENS, _TOKENS_A_TRACK, _MOST_TOKENS = 6_000, 300, 32_000
"""Tokens of one answer: an allowance for models that think first, so much for each track, never more than the last."""

_KEY = "OPENAI_API_KEY (or LOFI_OPENAI_API_KEY)"
_ADDRESS = "OPENAI_BASE_URL (or LOFI_OPENAI_BASE_URL)"


class OpenAIWriter:
    """A Writer that asks a language model behind any server with OpenAI's chat protocol.

    The key stays in this process: it is in no representation, and a pickled copy has none.
    """

    def __init__(
        self,
        openai_model: str,
        openai_base_url: str | None,
        openai_api_key: SecretStr | None,
        prompts: Path | None,
        standin: Writer,
        *,
        deadline: Seconds = DEADLINE,
        backoff: Seconds = 1.0,
        forgiving: bool = False,
    ) -> None:
        """Check everything that can be checked without asking the server.

        `standin` writes when the model does not, and lends what its answer lacks. `backoff` is the pause before the
        first retry. With `forgiving`, the stand-in also writes when the server refuses the key, the model or the
        address.
        Raises BackendUnavailable without a key and a server, or with one that cannot be; PromptError on a bad template.
        """
        key = openai_api_key.get_secret_value().strip() if openai_api_key else ""
        address = (openai_base_url or "").strip()
        if not key and not address:
            raise BackendUnavailable(
                "The writer openai has neither a key nor a server.",
                f"Set {_KEY} to your key, or {_ADDRESS} to a server of your own, such as http://localhost:11434/v1.",
            )
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise BackendUnavailable("The language model's key holds a character no key has.", f"Set {_KEY} again.")
        if not openai_model.strip():
            raise BackendUnavailable("The writer openai has no model.", "Set LOFI_OPENAI_MODEL, to gpt-5-mini say.")
        self._model = openai_model.strip()
        self._address = address or OFFICIAL
        self._shown = _shown(self._address)
        self._key: SecretStr | None = SecretStr(key) if key else None
        self._left_behind = False
        self._standin = standin
        self._wording = Wording(prompts)
        self._repertoire = Repertoire.read(prompts)
        self._deadline = deadline
        self._backoff = backoff
        self._forgiving = forgiving

    @property
    def backend(self) -> Backend:
        """Who gets the credit; a draft the stand-in wrote credits the stand-in."""
        return Backend(name="openai", version=self._model, licence=f"Text by {self._model}, under its provider's terms")

    def __repr__(self) -> str:
        return f"OpenAIWriter({self._model!r} at {self._shown})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_key": None, "_left_behind": self._left_behind or self._key is not None}

    def write(self, brief: Brief, taken: Collection[str]) -> Draft:
        """Plan an album. BadBrief on an unknown style; BackendUnavailable when the server refuses key or model."""
        if self._left_behind:
            raise BackendUnavailable(
                "This copy of the writer openai has no key: keys are not sent to other processes.",
                "Plan the album in the process that read the settings.",
            )
        if brief.style is not None:
            brief = brief.but(style=find_style(brief.style, self._repertoire.styles))
        # Here, because the SDK takes a second to load: who only opens a studio does not wait for it.
        from pipeline.writers.openai.conversation import Conversation, Outcome, Reading, Terms
        from pipeline.writers.openai.plan import Sheet, make_plan, read_sheet, style_of
        from pipeline.writers.openai.server import Server

        def connect() -> Server:
            key = self._key.get_secret_value() if self._key else None
            return Server(self._model, self._address, key, self._deadline, official=self._official)

        def read(text: str) -> Reading[Sheet]:
            return read_sheet(text, brief, taken)

        tokens = min(_MOST_TOKENS, _TOKENS + _TOKENS_A_TRACK * brief.tracks)
        terms = Terms(self._deadline, self._backoff, tokens, self._official)
        said = _Said(self._wording, brief, self._repertoire, taken)
        form = schema(brief.tracks, brief.style, self._repertoire)
        try:
            outcome = Conversation(connect, said, form, read, terms).hold()
        except BackendUnavailable as refusal:
            if not self._forgiving:
                raise
            outcome = Outcome[Sheet](None, refusal.message)
        if outcome.best is None:
            draft = self._standin.write(brief, taken)
            return Draft(draft.plan, draft.backend, (self._note(outcome.reason), *draft.notes))
        sheet = outcome.best.value
        style = style_of(sheet.answer, brief.style, self._repertoire)
        used = {*taken, *map(str.casefold, sheet.titles), *map(title_key, sheet.titles)}
        spare = self._standin.write(brief.but(style=style), used)
        plan = make_plan(sheet, brief, spare.plan, self._repertoire, self._wording)
        return Draft(plan, self.backend, self._remarks(sheet.bad_titles, outcome.reason))

    @property
    def _official(self) -> bool:
        return urlsplit(self._address).hostname == urlsplit(OFFICIAL).hostname

    def _note(self, reason: str) -> str:
        name = self._standin.backend.name
        return f"The {name} wrote this album in place of {self._model} at {self._shown}: {reason.rstrip('.')}."

    def _remarks(self, bad_titles: Collection[int], reason: str) -> tuple[str, ...]:
        if not reason:
            return ()
        count = len(bad_titles)
        titles = "1 title is" if count == 1 else f"{count} titles are"
        who = self._standin.backend.name
        what = f"{titles} by the {who}" if count else "Some prompts were made from the values alone"
        return (f"{what}, for {self._model} could not mend its answer: {reason.rstrip('.')}.",)


@dataclass(frozen=True)
class _Said:
    """The wording for one brief."""

    wording: Wording
    brief: Brief
    repertoire: Repertoire
    taken: Collection[str]

    def opening(self, schema: str | None) -> tuple[str, str]:
        return self.wording.opening(self.brief, self.repertoire, self.taken, schema)

    def repair(self, faults: tuple[str, ...]) -> str:
        return self.wording.repair(faults)


def _shown(address: str) -> str:
    """Return an address as it may stand in a note, without a name or password in it. Raises BackendUnavailable."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BackendUnavailable(
            "The address of the language model's server is not an http address.",
            f"Set {_ADDRESS} to one such as http://localhost:11434/v1.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}"
