"""From text to cases, and back: parsing, names, verbs, the matrix, the canonical form."""
