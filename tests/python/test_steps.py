"""Steps of a training: progress on a terminal and elsewhere, with and without tqdm, and Ctrl-C.

SPDX-License-Identifier: MIT
"""

import contextlib
import io
import os
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from common import ContextTest

import gan
from gan import steps


class Terminal(io.StringIO):

    def isatty(self):
        return True


def loop(n, stderr=None):
    """What a loop of n steps writes to stderr."""
    stderr = stderr or io.StringIO()
    with contextlib.redirect_stderr(stderr):
        for step in (counted := gan.Steps(n)):
            counted.tell(loss=0.5 * step)
    return stderr.getvalue()


class Progress(unittest.TestCase):

    def plain(self):
        return mock.patch.dict(sys.modules, {"tqdm.auto": None})

    def test_counts(self):
        counted = gan.Steps(3, progress=False)
        self.assertEqual((list(counted), len(counted)), ([1, 2, 3], 3))
        self.assertEqual(list(gan.Steps(0, progress=False)), [])

    def test_no_progress(self):
        with contextlib.redirect_stderr(io.StringIO()) as stderr:
            list(gan.Steps(3, progress=False))
        self.assertEqual(stderr.getvalue(), "")

    def test_tqdm(self):
        text = loop(3)
        self.assertIn("3/3", text)
        self.assertIn("loss=", text)
        self.assertIn("100%|", text)  # tqdm's bar

    def test_plain_line_on_a_terminal(self):
        with self.plain(), mock.patch.object(steps, "_ON_TERMINAL", 0):
            lines = loop(3, Terminal()).split("\r\x1b[K")
        self.assertEqual([line[:9] for line in lines], ["", "1/3 steps", "2/3 steps", "3/3 steps",
                                                        "3/3 steps"])
        self.assertIn("loss 0.5", lines[1])
        self.assertTrue(lines[-1].endswith("\n"))

    def test_plain_lines_elsewhere(self):
        with self.plain():
            text = loop(1000)
        self.assertRegex(text, r"\A1000/1000 steps  \S+/s  loss 500\n\Z")

    def test_the_bar_is_closed_by_an_exception(self):
        with self.plain(), contextlib.redirect_stderr(Terminal()) as stderr:
            with self.assertRaises(KeyError):
                for _ in gan.Steps(3):
                    raise KeyError
        self.assertTrue(stderr.getvalue().endswith("\n"))


class Interruption(ContextTest):

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "run.safetensors"
        self.images = np.random.default_rng(1).integers(0, 256, (6, 8, 8, 1), np.uint8)
        self.addCleanup(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def trainer(self):
        context = gan.Context(threads=1, seed=5)
        self.addCleanup(context.close)
        dataset = gan.Dataset.from_array(context, self.images)
        return gan.Trainer(context, "dcgan", dataset, width=2, latent=3, batch=2)

    def test_train(self):
        trainer, seen = self.trainer(), []
        numbers = trainer.train(3, progress=False, on_step=lambda stats: seen.append(stats["step"]))
        self.assertEqual((seen, numbers["step"], trainer.steps), ([1, 2, 3], 3, 3))
        self.assertEqual(trainer.train(2, progress=False)["step"], 5)
        self.assertEqual(trainer.train(0, progress=False), {})

    def test_at_the_end_of_a_step(self):
        """The state is that of a training of three steps, and goes on like it."""
        trainer, seen = self.trainer(), []

        def on_step(stats):
            if stats["step"] == 3:
                signal.raise_signal(signal.SIGINT)
            seen.append(stats)  # still runs

        with self.assertRaises(KeyboardInterrupt):
            trainer.train(1000, progress=False, on_step=on_step)
        self.assertEqual((len(seen), trainer.steps), (3, 3))
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        trainer.save(self.path)
        resumed = self.trainer()
        resumed.load(self.path)
        whole = self.trainer().train(5, progress=False)
        np.testing.assert_equal(trainer.train(2, progress=False), whole)
        np.testing.assert_equal(resumed.train(2, progress=False), whole)

    def test_from_outside(self):
        """As a terminal does it, at any time."""
        trainer, ended = self.trainer(), []
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            trainer.train(1 << 40, progress=False, on_step=lambda stats: ended.append(stats["step"]))
        timer.join()
        self.assertEqual(ended, list(range(1, trainer.steps + 1)))
        self.assertGreater(trainer.steps, 0)

    def test_twice_does_not_wait(self):
        with self.assertRaises(KeyboardInterrupt):
            for step in gan.Steps(2, progress=False):
                signal.raise_signal(signal.SIGINT)
                self.assertEqual(step, 1)
                signal.raise_signal(signal.SIGINT)
                self.fail("went on")
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_leaving_the_loop(self):
        for step in gan.Steps(5, progress=False):
            if step == 2:
                break
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_before_leaving_the_loop(self):
        reached = []
        with self.assertRaises(KeyboardInterrupt):
            for step in (counted := gan.Steps(5, progress=False)):
                signal.raise_signal(signal.SIGINT)
                reached.append(step)
                break
            time.sleep(0)  # Python looks for signals between calls
            self.fail("went on")
        self.assertEqual(reached, [1])
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        self.assertEqual(list(counted), [1, 2, 3, 4, 5])  # it is over with that

    def test_a_handler_of_the_host_stays(self):
        caught = []
        signal.signal(signal.SIGINT, lambda *_: caught.append(True))
        for _ in gan.Steps(2, progress=False):
            signal.raise_signal(signal.SIGINT)
        self.assertEqual(caught, [True, True])

    def test_in_another_thread(self):
        done = []
        thread = threading.Thread(target=lambda: done.extend(gan.Steps(3, progress=False)))
        thread.start()
        thread.join()
        self.assertEqual(done, [1, 2, 3])


if __name__ == "__main__":
    unittest.main()
