"""Painters: an album on paper in, a cover out."""
