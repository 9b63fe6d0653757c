"""Named points of a turn and of a job, so that a test can end the process exactly there and see what is left."""

from collections.abc import Callable

Hook = Callable[[str], None]

# In the order in which a turn and its jobs pass them.
POINTS = (
    "after_inbox",
    "after_lease",
    "in_listen",
    "in_weigh",
    "in_book",
    "in_transfer",
    "in_close",
    "in_gate",
    "before_commit",
    "in_commit",
    "after_commit",
    "before_speech",
    "job_before_effect",
    "job_after_effect",
)
_hook: Hook | None = None


def reached(point: str) -> None:
    """Tell the hook, if there is one, that the program has come to a point. Costs a comparison otherwise."""
    if _hook is not None:
        _hook(point)


def install(hook: Hook | None) -> None:
    """Set the hook of this process; None removes it. A hook may end the process or raise a fault."""
    global _hook
    _hook = hook
