"""The offline writer: plans an album from word banks alone, in any language it has a lexicon for."""
