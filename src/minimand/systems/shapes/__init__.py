"""Deformable shapes: surfaces by their spectra, found again in a collection and matched with one another."""
