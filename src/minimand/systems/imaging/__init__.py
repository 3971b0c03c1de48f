"""Natural images from compressive measurements: comparisons and tables."""
