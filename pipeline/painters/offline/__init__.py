"""The offline painter: pictures from arithmetic, the same for the same seed."""
