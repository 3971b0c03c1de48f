"""The classical rivals of the networks: each an energy and a step, or the nearest thing to it."""
