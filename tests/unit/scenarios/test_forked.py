"""Work in a process of its own: its value, its fault and its death all come back, and it never outstays its time."""

import os
import signal
import time

from graph.scenarios.forked import in_child, start


def fail() -> None:
    raise ValueError("no good")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_value_comes_back() -> None:
    ended = in_child(lambda: {"a": [1, "x" * 200_000]})
    assert ended.value == {"a": [1, "x" * 200_000]} and not ended.fault and not ended.killed


def test_the_child_is_another_process_and_changes_nothing_here() -> None:
    here: list[int] = []
    ended = in_child(lambda: (here.append(1), os.getpid())[1])
    assert ended.value not in (None, os.getpid()) and here == []


def test_a_fault_comes_back_in_words_with_its_place() -> None:
    ended = in_child(fail)
    assert ended.value is None and ended.fault.startswith("ValueError: no good (")
    assert "test_forked.py" in ended.fault


def test_what_cannot_be_sent_is_a_fault() -> None:
    assert "pickle" in in_child(lambda: lambda: None).fault.lower()


def test_a_kill_is_told_from_a_fault() -> None:
    ended = in_child(die)
    assert ended.killed and ended.signal == signal.SIGKILL and not ended.fault


def test_an_exit_without_a_word_is_a_fault() -> None:
    assert in_child(lambda: os._exit(3)).fault == "the process ended with code 3 and said nothing"


def test_a_child_that_hangs_is_ended() -> None:
    begun = time.monotonic()
    ended = in_child(lambda: time.sleep(60), patience=0.2)
    assert ended.fault == "no end after 0 s" and time.monotonic() - begun < 10


def test_children_run_at_the_same_time() -> None:
    begun = time.monotonic()
    children = [start(lambda: time.sleep(0.5)) for _ in range(4)]
    assert [child.ended().fault for child in children] == [""] * 4
    assert time.monotonic() - begun < 1.9


def test_a_child_can_be_ended_at_once() -> None:
    child = start(lambda: time.sleep(60))
    child.end()
    try:
        os.kill(child.pid, 0)
    except ProcessLookupError:
        return
    raise AssertionError("it is still there")
