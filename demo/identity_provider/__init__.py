"""An OpenID provider for demos and tests, its own process: whoever comes chooses who to be. Never for anything else."""
