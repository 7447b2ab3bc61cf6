"""Floor 0: what instant messaging is. Values only; no behaviour, no input or output."""
