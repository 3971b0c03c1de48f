"""The talk's figures of MR reconstruction under pseudo-radial sampling: NMSE, PSNR (dB) and seconds an image."""

NAMES = ("zero-filled", "tv", "recpf", "sidwt", "pbdw", "pano", "fdlcp", "bm3d-mri", "admm-net", "admm-csnet")
BRAIN = {  # rate -> NMSE and PSNR of each
    "0.2": ".1700 29.96 .0929 35.20 .0917 35.32 .0885 35.66 .0814 36.34 .0800 36.52 .0759 36.95 .0674 37.98 "
    ".0739 37.17 .0620 38.72",
    "0.3": ".1247 32.59 .0673 37.99 .0668 38.06 .0620 38.72 .0627 38.64 .0592 39.13 .0592 39.13 .0515 40.33 "
    ".0544 39.84 .0480 40.95",
    "0.4": ".0968 34.76 .0534 40.00 .0533 40.03 .0484 40.88 .0518 40.31 .0477 41.01 .0500 40.62 .0426 41.99 "
    ".0447 41.56 .0395 42.66",
    "0.5": ".0770 36.73 .0440 41.69 .0440 41.71 .0393 42.67 .0437 41.81 .0390 42.76 .0428 42.00 .0359 43.47 "
    ".0379 43.00 .0328 44.29",
}
SECONDS = {
    "zero-filled": 0.001, "tv": 0.739, "recpf": 0.311, "sidwt": 7.86, "pbdw": 35.4, "pano": 53.5, "fdlcp": 52.2,
    "bm3d-mri": 40.9, "admm-net": 0.791, "admm-csnet": 3.83,
}  # fmt: skip
CHEST = {
    "tv": {"nmse": 0.1019, "psnr": 35.49},
    "recpf": {"nmse": 0.1017, "psnr": 35.51},
    "pano": {"nmse": 0.0858, "psnr": 37.01},
    "fdlcp": {"nmse": 0.0775, "psnr": 37.77},
    "admm-net": {"nmse": 0.0775, "psnr": 37.84},  # ADMM-Net-15; ours has 15 stages, too
    "admm-net-chest-17": {"nmse": 0.0767, "psnr": 37.93},  # ADMM-Net-17
}


def _rows(text: str) -> dict[str, dict[str, float]]:
    numbers = [float(word) for word in text.split()]
    pairs = zip(NAMES, numbers[::2], numbers[1::2], strict=True)
    return {name: {"nmse": nmse, "psnr": psnr, "seconds": SECONDS[name]} for name, nmse, psnr in pairs}


PUBLISHED = {("mri-chest", "0.2"): CHEST, **{("mri-brain", rate): _rows(text) for rate, text in BRAIN.items()}}
