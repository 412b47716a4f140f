"""Alembic's door: migrates over the connection, and inside the transaction, it was given."""

from __future__ import annotations

from alembic import context

from pipeline.catalogue.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
