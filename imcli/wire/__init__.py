"""Floor 1: bytes and JSON to values and back, without input or output."""
