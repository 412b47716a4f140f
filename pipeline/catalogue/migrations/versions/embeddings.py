"""What a judge's model heard in a take, for the near-duplicate check."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Give every take room for it; takes judged before have none."""
    op.add_column("takes", sa.Column("embedding", sa.Text()))
    op.add_column("takes", sa.Column("embedder", sa.String(64)))
