"""Descriptors: what they do not see, the identity of their means, and what they do see."""

import numpy as np
import pytest
import torch

from minimand.io.meshes import Mesh
from minimand.systems.shapes import descriptors
from minimand.systems.shapes.laplacian import eigenpairs
from minimand.systems.shapes.methods import METHODS

from .conftest import torus, worm

SIGNATURES = [
    descriptors.heat_kernel_signature, descriptors.wave_kernel_signature, descriptors.scale_invariant_signature,
]  # fmt: skip


def pairs_of(mesh):
    return eigenpairs(mesh.vertices, mesh.faces)


@pytest.fixture(scope="module")
def bent():
    return pairs_of(worm(1.0))


@pytest.mark.parametrize("signature", SIGNATURES[:2])
@pytest.mark.parametrize("mesh", [worm(1.0), torus(30, 14, 0.4), Mesh(worm(1.0).vertices, worm(1.0).faces[:1500])])
def test_the_area_mean_of_normalised_signatures_is_one_for_every_shape(signature, mesh):
    """sum_x a_x phi_k(x)^2 = 1 for each k, with a boundary, too: first-order pooling sees nothing."""
    found = pairs_of(Mesh(*mesh[:2]))
    np.testing.assert_allclose(found.areas @ signature(found), 1, rtol=1e-9)


def test_without_the_denominator_the_mean_is_the_density_of_eigenvalues(bent):
    raw = descriptors.wave_kernel_signature(bent, normalised=False)
    spread = descriptors.WIDTH * 6 / 32
    energies = np.linspace(1, 7, 32)
    want = np.exp(-((energies - np.log(bent.values)[:, None]) ** 2) / (2 * spread**2)).sum(0)
    np.testing.assert_allclose(bent.areas @ raw, want, rtol=1e-9)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_rigid_motion_scale_and_order_of_vertices_do_not_matter(signature, bent):
    mesh, rng = worm(1.0), np.random.default_rng(3)
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    order = rng.permutation(len(mesh.vertices))
    moved = np.empty_like(mesh.vertices)
    moved[order] = 7 * mesh.vertices @ Q.T + [1, -2, 3]
    other = eigenpairs(moved, order[mesh.faces][rng.permutation(len(mesh.faces))])
    np.testing.assert_allclose(signature(other)[order], signature(bent), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_bending_and_remeshing_matter_less_than_another_shape(name, bent):
    method = METHODS[name]
    here = method(bent)
    near = [torch.dist(method(pairs_of(m)), here) for m in (worm(1.6), worm(1.0, rings=75, around=30))]
    far = [torch.dist(method(pairs_of(m)), here) for m in (worm(1.0, length=1.3), torus(40, 20, 0.3))]
    assert 3 * max(near) < min(far)


def test_a_sign_or_a_turn_of_equal_eigenfunctions_changes_nothing(bent):
    signs = np.random.default_rng(0).choice([-1.0, 1.0], 100)
    turned = bent._replace(functions=bent.functions * signs)
    for name in METHODS:
        torch.testing.assert_close(METHODS[name](turned), METHODS[name](bent))
