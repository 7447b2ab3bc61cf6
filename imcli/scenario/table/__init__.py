"""THE table: words, holes, sentences, and what is derived from them alone."""
