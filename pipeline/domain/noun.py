"""The base of every noun."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

T = TypeVar("T")
_LATER = "added later"

Later = Annotated[T, _LATER]
"""The type of a field that a noun gained after records of it were written: `language: Later[str | None] = None`.

At its default it is left out of every form the noun is written in, so that a record of before the field existed has
the text, and so the digest, that it always had.
"""


class Noun(BaseModel):
    """A frozen record that refuses unknown fields and has one canonical JSON form."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def canonical_json(self) -> str:
        """Return the JSON form with sorted keys: equal nouns give equal text."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, indent=1) + "\n"

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hex."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    def but(self, **changes: object) -> Self:
        """Return a validated copy with some fields changed."""
        return type(self).model_validate({**dict(self), **changes})

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what was added later and is at its default."""
        fields = type(self).model_fields
        return {
            name: value
            for name, value in written(self).items()
            if _LATER not in fields[name].metadata or getattr(self, name) != fields[name].default
        }
