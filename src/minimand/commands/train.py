"""`minimand train`: learn a network; each has its own options."""

from collections.abc import Callable

import typer

from minimand.commands.train_dehazing import train_dehazing
from minimand.commands.train_denoiser import train_denoiser
from minimand.commands.train_direct import train_direct
from minimand.commands.train_fusion import train_fusion
from minimand.commands.train_network import train_network
from minimand.commands.train_optimizer import train_optimizer
from minimand.commands.train_shapes import train_shapes
from minimand.commands.train_synthesis import train_synthesis

NETWORKS: dict[str, tuple[Callable[..., None], str]] = {
    "admm-net": (train_network, "Deep ADMM-Net: real images from k-space."),
    "admm-csnet": (train_network, "ADMM-CSNet: images from k-space or compressive data."),
    "foe": (train_denoiser, "Field of experts: a denoiser of few numbers."),
    "nlr-mrf": (train_denoiser, "Field of experts on groups of similar pixels: a denoiser."),
    "dncnn": (train_denoiser, "A residual convolutional denoiser."),
    "proximal-dehaze": (train_dehazing, "Proximal Dehaze-Net: haze-free photographs."),
    "mr-ct": (train_synthesis, "CycleGAN: CT from MR, without pairs."),
    "deep-fusion": (train_fusion, "Deep Fusion Net: segmentation from a few atlases."),
    "unet": (train_direct, "A small U-Net: segmentation without atlases."),
    "cnn": (train_direct, "A plain network: segmentation without atlases."),
    "st-net": (train_shapes, "ST-Net: a metric of deformable shapes."),
    "hyperadam": (train_optimizer, "HyperAdam, a learned optimizer."),
    "rnnprop": (train_optimizer, "RNNprop, a learned optimizer."),
    "dmoptimizer": (train_optimizer, "DMoptimizer, a learned optimizer."),
}

train = typer.Typer(no_args_is_help=True, rich_markup_mode=None, subcommand_metavar="NETWORK [OPTIONS]")
train.callback(
    help="Learn a network: `minimand train admm-csnet --data scans/ --mask radial:0.2 --minutes 10 -o w.safetensors`.",
    short_help="Learn a network.",
    epilog="Each network has its own options: minimand train NETWORK --help.",
)(lambda: None)
for name, (learn, what) in NETWORKS.items():
    train.command(
        name,
        short_help=what,
        epilog="The weights of the best validation are written, with a card. Ctrl-C leaves a checkpoint beside the "
        "output; the same command with --resume goes on from there.",
    )(learn)
