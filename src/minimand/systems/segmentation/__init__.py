"""Organs from a few atlases: images whose labels are known, brought onto a new one and put to the vote."""
