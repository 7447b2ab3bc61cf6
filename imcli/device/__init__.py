"""Floor 1: what one client device believes."""
