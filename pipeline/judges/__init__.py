"""Judges: a take in, a verdict out."""
