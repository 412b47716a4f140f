"""The painter diffusion: Stable Diffusion and its kin paint, CLIP chooses, the shared layout sets the type."""
