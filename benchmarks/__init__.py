"""How fast it is and how much memory it takes. Never part of the tests: machines are shared and noisy."""
