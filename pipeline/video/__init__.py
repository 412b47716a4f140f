"""A film of a mix: one still composition, the name of the track that plays, and the music's breath."""
