"""Finding tools by words, for servers in search mode."""
