#!/usr/bin/env python
"""Django's command line for Patchbay."""

from config.command_line import main

if __name__ == "__main__":
    main()
