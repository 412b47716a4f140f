"""The processes that do the heavy work."""

from __future__ import annotations

import os

import pytest

from pipeline.workers import Workers


@pytest.mark.neural
def test_a_process_of_its_own_may_use_every_core() -> None:
    """The one process that holds a model is not held to the single thread of a pool's."""
    import torch

    with Workers(2) as pool, Workers(1, threads=2) as alone:
        assert pool.run(torch.get_num_threads) == 1
        assert alone.run(torch.get_num_threads) == 2


def test_closing_one_pool_leaves_another_at_work() -> None:
    """Also when the first is still warming up."""
    with Workers(1) as kept:
        before = kept.run(os.getpid)
        with Workers(1) as other:
            other.warm()
        assert kept.run(os.getpid) == before
