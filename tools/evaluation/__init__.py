"""Whether models choose the right tools: an integration's questions, asked of a language model or of the search."""
