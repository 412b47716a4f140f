"""The texts of a release kit: what a channel owner pastes, uploads or keeps. Pure functions, no file is touched."""
