"""The review room: decisions on takes and tracks, blind comparisons, what is to be made, and how far it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make their tables, and give takes what the queue sorts and filters by; `catch_up` fills it in."""
    op.add_column("decisions", sa.Column("take", sa.Integer()))
    op.add_column("decisions", sa.Column("value", sa.Text(), nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("undoes", sa.Integer()))
    for column in ("backend", "licences", "scores", "peaks"):
        op.add_column("takes", sa.Column(column, sa.Text()))
    for column in ("seconds", "loudness"):
        op.add_column("takes", sa.Column(column, sa.Float()))
    op.add_column("takes", sa.Column("word", sa.String(8)))
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("a_album", sa.String(80), nullable=False),
        sa.Column("a_track", sa.Integer(), nullable=False),
        sa.Column("a_take", sa.Integer(), nullable=False),
        sa.Column("a_version", sa.String(64), nullable=False),
        sa.Column("b_album", sa.String(80), nullable=False),
        sa.Column("b_track", sa.Integer(), nullable=False),
        sa.Column("b_take", sa.Integer(), nullable=False),
        sa.Column("b_version", sa.String(64), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("winner", sa.String(3)),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(7), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(7), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("album", sa.String(80)),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_table(
        "progress",
        sa.Column("album", sa.String(80), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("album", name="pk_progress"),
    )
