"""What is common to modules, optimizers, data sets, loaders, trainers: objects of the library that
Python owns.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .errors import StateError

if TYPE_CHECKING:
    from .context import Context

_Self = TypeVar("_Self", bound="Handle")


class Handle:
    """A handle that is given back by close(), at the end of a with block, or when it is dropped."""

    def __init__(self, context: Context, handle: Any, release: Callable[[Any], None]) -> None:
        self.context = context
        self._handle = handle
        self._finalizer = weakref.finalize(self, release, handle)
        self._finalizer.atexit = False  # the process gives its memory back anyway

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

    def _check(self, function: str, *arguments: Any) -> None:
        """Calls a function of the library on the handle; its status as an exception."""
        self.context.check(getattr(self.context.library, function)(self.handle, *arguments))
