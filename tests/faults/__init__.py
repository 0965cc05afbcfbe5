"""Inputs that failed once, small and made anew from bug reports of such products; each with what is right."""
