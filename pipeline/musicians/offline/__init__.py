"""The offline band: a composer and a synthesiser."""
