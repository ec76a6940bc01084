"""Differentiation.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import Any, Sequence, overload

from ._table import TensorHandle
from .tensor import Tensor

_RETAIN, _CREATE_GRAPH, _STRICT = 1, 2, 4  # GAN_GRAD_…


@overload
def grad(y: Tensor, wrt: Tensor, create_graph: bool = ..., retain: bool = ...,
         strict: bool = ...) -> Tensor:
    ...


@overload
def grad(y: Tensor, wrt: Sequence[Tensor], create_graph: bool = ..., retain: bool = ...,
         strict: bool = ...) -> list[Tensor]:
    ...


def grad(y: Tensor, wrt: Tensor | Sequence[Tensor], create_graph: bool = False,
         retain: bool = False, strict: bool = False) -> Any:
    """d y / d x for a y of one element: a list for a list of tensors, one tensor for one.

    create_graph: the result can be differentiated again. retain: y's graph is kept for another
    call. strict: a tensor that does not influence y raises Unreached instead of giving zeros.
    """
    return _sweep(y, wrt, create_graph, retain, strict, "gan_grad")


@overload
def vjp(y: Tensor, cotangent: Tensor, wrt: Tensor, create_graph: bool = ..., retain: bool = ...,
        strict: bool = ...) -> Tensor:
    ...


@overload
def vjp(y: Tensor, cotangent: Tensor, wrt: Sequence[Tensor], create_graph: bool = ...,
        retain: bool = ..., strict: bool = ...) -> list[Tensor]:
    ...


def vjp(y: Tensor, cotangent: Tensor, wrt: Tensor | Sequence[Tensor], create_graph: bool = False,
        retain: bool = False, strict: bool = False) -> Any:
    """grad of sum(cotangent · y), for a y of any shape."""
    return _sweep(y, wrt, create_graph, retain, strict, "gan_vjp", cotangent)


def _sweep(y: Tensor, wrt: Tensor | Sequence[Tensor], create_graph: bool, retain: bool,
           strict: bool, name: str, *cotangent: Tensor) -> Any:
    tensors = [wrt] if isinstance(wrt, Tensor) else list(wrt)
    inputs = (TensorHandle * len(tensors))(*(x._as_parameter_ for x in tensors))
    grads = (TensorHandle * len(tensors))()
    flags = _RETAIN * bool(retain) | _CREATE_GRAPH * bool(create_graph) | _STRICT * bool(strict)
    sweep = getattr(y.context.library, name)
    y.context.check(sweep(y, *cotangent, inputs, len(tensors), flags, grads))
    # A copy of each handle: an array's element is a view that would keep the array.
    results = [Tensor(y.context, TensorHandle(handle.value)) for handle in grads]
    return results[0] if isinstance(wrt, Tensor) else results
