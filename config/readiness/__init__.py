"""What `/readyz` reports: the parts that calls need, each tested as calls use it."""
