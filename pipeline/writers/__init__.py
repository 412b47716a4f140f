"""Writers: a brief in, an album on paper out."""
