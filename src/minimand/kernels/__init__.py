"""The few hot loops: one file each, with a plain torch reference beside the compiled form."""
