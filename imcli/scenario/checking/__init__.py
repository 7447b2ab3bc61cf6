"""Does a claim hold? Pure functions over what was asked and what came back."""
