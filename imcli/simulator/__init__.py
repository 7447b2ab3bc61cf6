"""Floor 1: the simulated server. Without input or output, deterministic, forkable."""
