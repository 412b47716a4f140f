"""The band's composer: a plan in, a score out."""
