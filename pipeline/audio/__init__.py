"""Sound: clips, measurement, effects, mastering, mixing and files."""
