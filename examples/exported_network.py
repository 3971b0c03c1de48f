"""An exported network at work without Minimand: `python examples/exported_network.py net.onnx` (or net.pt2).

Made by `minimand export admm-net -o net.onnx`. A picture, a third of its k-space, and what the network makes of it.
"""

import sys

import numpy as np

rng = np.random.default_rng(0)
image = np.zeros((90, 100), np.float32)
image[20:70, 15:80], image[35:50, 30:60] = 0.6, 1.0
mask = rng.random(image.shape) < 0.25
mask[:8, :8] = mask[-8:, :8] = mask[:8, -8:] = mask[-8:, -8:] = True  # low frequencies lie in the corners
kspace = mask * np.fft.fft2(image, norm="ortho")
kspace = np.stack([kspace.real, kspace.imag])[None].astype(np.float32)
if sys.argv[1].endswith(".onnx"):
    import onnxruntime

    found = onnxruntime.InferenceSession(sys.argv[1]).run(None, {"kspace": kspace, "mask": mask})[0]
else:
    import torch

    found = torch.export.load(sys.argv[1]).module()(torch.from_numpy(kspace), torch.from_numpy(mask)).numpy()
zero_filled = np.fft.ifft2(kspace[0, 0] + 1j * kspace[0, 1], norm="ortho").real
for name, x in [("zero-filled", zero_filled), ("network", found[0, 0])]:
    print(f"{name}: error {np.linalg.norm(x - image) / np.linalg.norm(image):.3f}")
