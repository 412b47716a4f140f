"""The base of what is sent and shown as JSON by any server of this label, and a refusal in words."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shown(BaseModel):
    """Frozen, and without fields of a sender's own making."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Refusal(Shown):
    """Why something was not done, and what would do; for a stale edit also what was wanted and what there is now."""

    message: str
    remedy: str = ""
    yours: str | None = None
    theirs: str | None = None
