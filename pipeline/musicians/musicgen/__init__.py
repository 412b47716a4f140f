"""MusicGen in the transformers layout."""
