"""These need CUDA; they download nothing (models are made from a config, with random weights)."""

import pytest


def pytest_collection_modifyitems(items):
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if "tests/gpu/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="needs a CUDA GPU"))
