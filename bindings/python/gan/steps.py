"""Counting the steps of a training: progress on stderr, and Ctrl-C between two steps.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, Iterator

# Seconds between two reports: on a terminal, where one line is written over, and elsewhere.
_ON_TERMINAL, _ELSEWHERE = 0.1, 10.0


class _Interrupt:
    """Becomes a Ctrl-C where it is dropped. `break` drops the generator of a loop, in which nothing
    can be raised any more; but of what it holds this is dropped last, when it has ended, and Python
    raises KeyboardInterrupt in the program, after the loop."""

    __del__ = _thread.interrupt_main


class Steps:
    """The numbers 1 to n, for the loop of a training.

        for step in (loop := gan.Steps(1000)):
            ...
            loop.tell(distance=distance)

    progress: tqdm's bar, on a terminal or in a notebook, if tqdm is installed, else a plain line;
    False shows nothing. While the loop runs, Ctrl-C waits for the end of its body, or for `break`,
    and ends the loop there, as KeyboardInterrupt, so that no step is half done; a second Ctrl-C does
    not wait. That is for the main thread, and where nobody else has taken over SIGINT.
    """

    def __init__(self, n: int, progress: bool = True) -> None:
        self.n = n
        self._bar: Any = _bar(n) if progress else None
        self._interrupted = False

    def __len__(self) -> int:
        return self.n

    def __iter__(self) -> Iterator[int]:
        ours = (threading.current_thread() is threading.main_thread() and
                signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        self._interrupted = False
        if ours:
            signal.signal(signal.SIGINT, self._interrupt)
        try:
            for step in range(1, self.n + 1):
                yield step
                if self._bar is not None:
                    self._bar.update()
                if self._interrupted:
                    raise KeyboardInterrupt
        except GeneratorExit:  # break
            late = _Interrupt() if self._interrupted else None  # noqa: F841
            raise
        finally:
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._bar is not None:
                self._bar.close()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = not self._interrupted
        if not self._interrupted:  # the second time
            raise KeyboardInterrupt

    def tell(self, **numbers: float) -> None:
        """Numbers to be shown with the progress."""
        if self._bar is not None:
            self._bar.set_postfix(numbers, refresh=False)


def _bar(n: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Line(n)
    return tqdm(total=n, unit="step")


class _Line:
    """What tqdm does, plainer."""

    def __init__(self, n: int) -> None:
        self.n, self.done, self.numbers = n, 0, ""
        self.terminal = sys.stderr.isatty()
        self.begun = self.shown = time.monotonic()

    def set_postfix(self, numbers: dict[str, float], refresh: bool) -> None:
        self.numbers = "".join(f"  {name} {value:.4g}" for name, value in numbers.items())

    def update(self) -> None:
        self.done += 1
        now = time.monotonic()
        if now - self.shown >= (_ON_TERMINAL if self.terminal else _ELSEWHERE):
            self._show(now)

    def close(self) -> None:
        self._show(time.monotonic())
        if self.terminal:
            print(file=sys.stderr)

    def _show(self, now: float) -> None:
        rate = self.done / max(now - self.begun, 1e-9)
        line = f"{self.done}/{self.n} steps  {rate:.3g}/s{self.numbers}"
        print(f"\r\x1b[K{line}" if self.terminal else line, file=sys.stderr, flush=True,
              end="" if self.terminal else "\n")
        self.shown = now
