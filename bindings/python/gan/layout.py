"""PyTorch's memory layouts, in NumPy.

The library keeps channels last. One rule serves images (N,C,H,W), kernels (O,I,KH,KW), kernels of
transposed convolutions (I,O,KH,KW) and layer norm's (C,H,W) alike: the axis third from the end
moves to the end. Arrays of fewer axes are the same in both. (A host's own parameters
of three or more axes follow the rule here, but not in files, which keep them as they are.)

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .nn import Module


def from_nchw(array: npt.ArrayLike) -> npt.NDArray[Any]:
    """PyTorch's layout to the library's."""
    array = np.asarray(array)
    return np.moveaxis(array, -3, -1) if array.ndim >= 3 else array


def to_nchw(array: npt.ArrayLike) -> npt.NDArray[Any]:
    """The library's layout to PyTorch's."""
    array = np.asarray(array)
    return np.moveaxis(array, -1, -3) if array.ndim >= 3 else array


def load_torch_state(module: Module, state: Mapping[str, npt.ArrayLike]) -> None:
    """Sets parameters and buffers from a dict of name to array in PyTorch's layouts.

    KeyError or ValueError, and the module as it was, if names or shapes differ. Only batch norm's
    counters (num_batches_tracked) may be missing, as in PyTorch.
    """
    tensors = module.state()
    arrays = {name: from_nchw(value) for name, value in state.items()}
    for name in sorted(tensors.keys() ^ arrays.keys()):
        if name in arrays:
            raise KeyError(f"the module has no {name}")
        if not name.endswith("num_batches_tracked"):
            raise KeyError(f"the state has no {name}")
    for name, array in arrays.items():
        if array.shape != tensors[name].shape:
            raise ValueError(f"{name}: {array.shape} into a tensor of shape {tensors[name].shape}")
    for name, array in arrays.items():
        tensors[name].write(array)


def torch_state(module: Module) -> dict[str, npt.NDArray[Any]]:
    """Name to array in PyTorch's layouts: PyTorch's state_dict."""
    return {name: to_nchw(tensor.numpy()) for name, tensor in module.state().items()}
