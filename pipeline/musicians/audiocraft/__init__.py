"""MusicGen and AudioGen from checkpoints in audiocraft's own layout."""
