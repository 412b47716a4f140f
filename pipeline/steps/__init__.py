"""The steps of an album, each one idempotent."""
