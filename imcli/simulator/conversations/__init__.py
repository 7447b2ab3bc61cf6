"""The keeping of conversations: one generation of laws per file behind one interface."""
