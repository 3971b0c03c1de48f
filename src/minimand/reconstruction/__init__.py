"""What every system that reconstructs images from measurements shares, whatever the operator."""
