"""Whatever is sent to whichever entrance, the work it makes grows no faster than what was sent, and stays small."""
