"""The motifs: one module each, one function `paint(canvas, palette, rng, hints)`."""
