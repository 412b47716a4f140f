"""The base of every noun."""

from __future__ import annotations

import hashlib
import json
from typing import Self

from pydantic import BaseModel, ConfigDict


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
