"""The CLAP judge: how well a take sounds like the words it was ordered with."""
