"""A long mix out of several albums: gathered, ordered, joined and written in one pass."""
