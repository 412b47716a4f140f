"""The painter diffusion: Stable Diffusion and its kin paint, CLIP chooses, the shared layout sets the type."""

import logging

# diffusers loads it wherever it is installed, and it reports at length that its extension is not used.
logging.getLogger("xformers").setLevel(logging.ERROR)
