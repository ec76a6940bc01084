"""What is common to contexts, samplers, modules, optimizers, data sets, loaders, trainers: objects of
the library that Python owns.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .errors import StateError

if TYPE_CHECKING:
    from .context import Context

_Self = TypeVar("_Self", bound="Owner")


class Owner:
    """A handle that is given back by close(), at the end of a with block, or when it is dropped."""

    def __init__(self, handle: Any, release: Callable[[Any], None]) -> None:
        self._handle = handle
        self._finalizer = weakref.finalize(self, release, handle)

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the object back. Using it afterwards raises StateError."""
        self._finalizer()

    @property
    def handle(self) -> Any:
        """The C handle. StateError once closed."""
        if not self._finalizer.alive:
            raise StateError(f"the {type(self).__name__.lower()} is closed")
        return self._handle


class Handle(Owner):
    """What a context's objects have in common."""

    def __init__(self, context: Context, handle: Any, release: Callable[[Any], None]) -> None:
        super().__init__(handle, release)
        self.context = context
        self._finalizer.atexit = False  # the process gives its memory back anyway

    def _check(self, function: str, *arguments: Any) -> None:
        """Calls a function of the library on the handle; its status as an exception."""
        self.context.check(getattr(self.context.library, function)(self.handle, *arguments))
