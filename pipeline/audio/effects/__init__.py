"""The lo-fi chain: tape, wow and flutter, vinyl."""
