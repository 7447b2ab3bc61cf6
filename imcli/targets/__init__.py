"""Floor 2: where actions go. `base.py` is the narrow waist; whoever needs one target imports it."""
