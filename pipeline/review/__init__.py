"""The review room's own work: what is to be decided, what was, and what follows from it. It knows no web."""
