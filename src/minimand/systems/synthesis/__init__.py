"""CT from MR: cycle-consistent adversarial networks that keep the anatomy, and virtual heads to check them on."""
