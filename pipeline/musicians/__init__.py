"""Musicians: an album on paper in, dry takes out."""
