"""Statistics unrolled: codes, mixtures, variational inference, random fields."""
