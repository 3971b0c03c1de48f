"""MNIST and CIFAR-10 from the files that users have, and what is said of files that are not them."""

import gzip
import struct

import numpy as np
import pytest
import torch
from torch import Generator

from minimand.io import InputError
from minimand.systems.optimizers.data import RECORD, cifar10, mnist, read_idx
from minimand.systems.optimizers.registry import make_optimizee


@pytest.fixture
def records(tmp_path):
    """CIFAR-10's binary version with four pictures a batch; the folder and the pixels of the training batches."""
    folder, generator = tmp_path / "cifar-10-batches-bin", np.random.default_rng(1)
    folder.mkdir()
    content = {name: generator.integers(256, size=(4, RECORD)) for name in (*"12345", "test")}
    for name, rows in content.items():
        rows[:, 0] %= 10
        file = "test_batch.bin" if name == "test" else f"data_batch_{name}.bin"
        rows.astype(np.uint8).tofile(folder / file)
    return tmp_path, content


def test_the_binary_version_of_cifar_is_read_batch_after_batch(records):
    folder, content = records
    learned, test = (cifar10(folder, part) for part in ("train", "test"))
    wanted = np.concatenate([content[name] for name in "12345"])
    assert learned.x.shape == (20, 3, 32, 32)
    assert np.array_equal(learned.y.numpy(), wanted[:, 0])
    assert torch.allclose((learned.x + 0.5) * 255, torch.from_numpy(wanted[:, 1:].reshape(-1, 3, 32, 32)).float())
    assert np.array_equal(test.y.numpy(), content["test"][:, 0])


def test_the_subset_keeps_differences_to_the_left_and_in_column_0_to_the_pixel_above(tmp_path):
    pixels = np.random.default_rng(0).integers(256, size=(3, 3, 32, 32)).astype(np.uint8)
    d = np.diff(pixels, axis=-1, prepend=0).astype(np.uint8)
    d[..., 0] = np.diff(pixels[..., 0], axis=-1, prepend=0)
    np.savez(tmp_path / "cifar10_10k_2k.npz", d_train=d, y_train=np.array([3, 1, 4], np.uint8))
    found = cifar10(tmp_path, "train")
    assert np.array_equal(((found.x + 0.5) * 255).round().numpy(), pixels)
    assert found.y.tolist() == [3, 1, 4]


@pytest.mark.parametrize("count", [0, RECORD - 1, RECORD + 1])
def test_a_batch_that_is_cut_off_is_told(records, count):
    folder, _ = records
    (folder / "cifar-10-batches-bin" / "data_batch_3.bin").write_bytes(bytes(count))
    with pytest.raises(InputError, match=rf"data_batch_3.bin: has {count} bytes, no multiple of {RECORD}"):
        cifar10(folder, "train")


def test_a_batch_that_is_missing_is_told(records):
    folder, _ = records
    (folder / "cifar-10-batches-bin" / "data_batch_5.bin").unlink()
    with pytest.raises(InputError, match=r"holds no data_batch_5.bin\[.gz\]; name the folder"):
        cifar10(folder, "train")


def idx(kind, shape, content):
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + content


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\x08", idx(9, (2, 2), bytes(4)), idx(8, (2, 3), bytes(5)), idx(8, (2**31, 2**31), bytes(4))],
    ids=["empty", "cut off", "of floats", "short", "lying"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_idx_file_whose_sizes_and_bytes_disagree_is_told(tmp_path, content, packed):
    path = tmp_path / ("x.gz" if packed else "x")
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(InputError, match=r"x(.gz)?: "):
        read_idx(path)


def test_images_without_as_many_labels_are_told(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(8, (2, 28, 28), bytes(2 * 784)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(8, (3,), bytes(3)))
    with pytest.raises(InputError, match=r"train has images \(2, 28, 28\) and labels \(3,\)"):
        mnist(tmp_path, "train")


@pytest.mark.parametrize(
    ("name", "size"),
    [("mlp", 15_910), ("cnn-1", 33_850), ("cnn-2", 117_434), ("cnn-1-cifar", 43_738), ("cnn-2-cifar", 148_442),
     ("cnn-1-cifar-bn", 43_738), ("cnn-2-cifar-dropout", 148_442), ("lstm", 1_781), ("lstm-2", 5_061)],
)  # fmt: skip
def test_an_optimizee_has_the_published_number_of_parameters_and_a_loss_at_chance(records, mnist_folder, name, size):
    net = make_optimizee(name, records[0] if "cifar" in name else mnist_folder)
    x = 0.01 * net.begin(2, Generator().manual_seed(0))
    assert net.size == x.shape[1] == size
    loss = net.energy(2, Generator().manual_seed(1))(x)
    assert loss.shape == (2,)
    if "lstm" not in name:
        assert torch.allclose(loss, torch.tensor(10.0).log().expand(2), atol=0.02)


def test_dropout_leaves_half_of_the_hidden_units_and_a_full_mask_changes_nothing(records):
    net = make_optimizee("cnn-2-cifar-dropout", records[0])
    x, images = net.begin(1, Generator().manual_seed(0)), net.pictures.x[None, :3]
    (keep,) = net.dropped(1, Generator().manual_seed(0))
    assert keep.shape == (1, 128, 64)
    assert abs(float(keep.float().mean()) - 0.5) < 0.02
    halves = net.logits(x, images, [torch.full((1, 3, 64), 0.5)])
    assert torch.allclose(halves, net.logits(x, images))
    assert not torch.allclose(net.logits(x, images, [keep[:, :3]]), halves)


def test_batch_normalised_scores_do_not_depend_on_the_scale_of_the_last_convolution(records):
    net = make_optimizee("cnn-1-cifar-bn", records[0])
    x, images = net.begin(1, Generator().manual_seed(0)), net.pictures.x[None, :16]
    W, b = (sum(v.numel() for v in net.parts(x)[:k]) for k in (2, 4))
    scaled = x.clone()
    scaled[:, W:b] *= 50
    assert torch.allclose(net.logits(x, images), net.logits(scaled, images), atol=0.05)
