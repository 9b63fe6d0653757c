"""A version made from another one: the same policy with a few places changed, checked like any other."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field, ValidationError

from domain.checked_file import Problem, problems_of
from domain.policy import PolicyRefused
from domain.policy_overlays import put_all
from domain.policy_types import Block, Word
from domain.yaml_tree import BadYaml, as_json, read_yaml


class Copy(Block):
    """A small file that says how a labelled copy differs from the policy it is made from."""

    label: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    set: Annotated[Mapping[Word, Any], Field(min_length=1)]


def read_copy(text: str, source: str) -> Copy:
    """Raises PolicyRefused with all problems."""
    try:
        tree = read_yaml(text)
        return Copy.model_validate(tree.value)
    except BadYaml as fault:
        raise PolicyRefused(source, [fault.problem]) from fault
    except ValidationError as fault:
        raise PolicyRefused(source, problems_of(fault, Copy, read_yaml(text).lines)) from fault


def changed(text: str, source: str, version: str, changes: Mapping[str, Any]) -> str:
    """The policy of `text` under another version with dotted paths set; the result is for `load_policy` to check."""
    try:
        content: Any = read_yaml(text).value
    except BadYaml as fault:
        raise PolicyRefused(source, [fault.problem]) from fault
    if not isinstance(content, dict):
        raise PolicyRefused(source, [Problem("file", "", "this must be a block of keys", "Write key: value lines.")])
    content = cast("dict[str, Any]", content)
    content["supersedes"], content["version"] = content.get("version"), version
    try:
        put_all(content, changes)
    except KeyError as fault:
        path = str(fault.args[0])
        problem = Problem(path, "", "there is no such place in the policy", "Correct the path.")
        raise PolicyRefused(source, [problem]) from fault
    return as_json(content)
