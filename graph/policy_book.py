"""The policy of a decision: versions from the database, checked once and kept; and what a start puts in force."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.checked_file import Problem
from domain.errors import BadInput
from domain.policy import Policy, PolicyRefused, load_policy
from domain.policy_copies import changed, read_copy
from domain.yaml_tree import as_json, read_yaml
from graph.settings import ROOT, Settings
from memory.database import Pool
from memory.policies import InForce, StoredPolicy, policy_content, policy_in_force, store_and_activate

STARTED = "start"
LOCAL = "local"
_LOCAL_FILE = ROOT / "policy" / "local.yaml"
_MOST_KEPT = 64
_log = logging.getLogger(__name__)


class PolicyBook:
    """Implements the port of the same name. A stored version never changes, so what was read once is kept."""

    def __init__(self, pool: Pool, kept: Mapping[str, Policy] | None = None) -> None:
        """`kept`: versions that this process has read before."""
        self._pool = pool
        self._kept: dict[str, Policy] = dict(kept or {})

    async def current(self, version: str, region: str | None, product: str | None) -> Policy:
        """The policy of this version with the overlays of region and product line applied."""
        policy = self._kept.get(version) or await self._read(version)
        return policy.for_session(region, product)

    async def _read(self, version: str) -> Policy:
        policy = load_policy(await self.content(version), f"version {version}")
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[version] = policy
        return policy

    async def content(self, version: str) -> str:
        """The content of a version, as text that `load_policy` reads."""
        content = await policy_content(self._pool, version) if version else None
        if content is None:
            problem = f"no version {version!r} is stored" if version else "no version is in force"
            raise BadInput("policy", problem, "Start the program once with `make run`: it stores and activates one")
        return content

    async def put_in_force(
        self, text: str, source: str, now: datetime, by: str, reason: str, label: str = ""
    ) -> Policy:
        """Check, store and activate a policy; raises PolicyRefused and leaves what is in force."""
        candidate = Candidate.of(text, source, label)
        version = candidate.policy.version
        await store_and_activate(self._pool, [candidate.row()], lambda _: version, now, by, reason)
        return candidate.policy

    async def change(self, version: str, changes: Mapping[str, Any], now: datetime, by: str, reason: str) -> Policy:
        """Put the policy in force again under a new version with dotted paths set; raises PolicyRefused."""
        live = await policy_in_force(self._pool)
        text = await self.content(live.version if live else "")
        return await self.put_in_force(changed(text, version, version, changes), version, now, by, reason)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A checked policy that could be put in force."""

    policy: Policy
    content: str
    label: str

    @classmethod
    def of(cls, text: str, source: str, label: str = "") -> "Candidate":
        """Raises PolicyRefused."""
        return cls(load_policy(text, source), as_json(read_yaml(text).value), label)

    def row(self) -> StoredPolicy:
        policy = self.policy
        return StoredPolicy(policy.version, policy.content_hash, self.content, policy.effective_at, self.label)


async def ensure_policies(pool: Pool, settings: Settings, now: datetime) -> InForce:
    """Store the policy file and its local copy, and put the wanted one in force where nothing newer is.

    A refused file leaves the version before it live and is logged with every problem; it is raised where nothing is.
    """
    try:
        candidates = _candidates(settings)
        wanted = candidates[-1].policy

        def choose(live: InForce | None) -> str | None:
            return wanted.version if _replaces(wanted, live, now) else None

        rows, reason = [candidate.row() for candidate in candidates], f"from {settings.policy_path.name}"
        live = await store_and_activate(pool, rows, choose, now, STARTED, reason)
    except PolicyRefused as refused:
        live = await policy_in_force(pool)
        if live is None:
            raise
        _log.error("%s\nVersion %s stays in force.", refused, live.version)
    if live is None:
        raise BadInput("effective_at", "the policy takes effect later and none is in force", "Set an earlier time")
    return live


def _candidates(settings: Settings) -> list[Candidate]:
    """The policy, and its local copy where that is asked for; the last one is wanted."""
    path, label = settings.policy_path, settings.policy_label
    text = _text(path)
    if label != LOCAL:
        return [Candidate.of(text, path.name, label)]
    return [Candidate.of(text, path.name), local_copy(text, path.name)]


def local_copy(text: str, source: str, copy_file: Path = _LOCAL_FILE) -> Candidate:
    """The copy that lets one person try a whole sale. Its version names its content, so a changed copy is a new one."""
    copy = read_copy(_text(copy_file), copy_file.name)
    stem = f"{load_policy(text, source).version}-{copy.label}"
    digest = load_policy(changed(text, source, stem, copy.set), copy_file.name).content_hash[:8]
    return Candidate.of(changed(text, source, f"{stem}.{digest}", copy.set), copy_file.name, copy.label)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        problem = f"it cannot be read ({type(fault).__name__})"
        raise PolicyRefused(
            path.name, [Problem("file", str(path), problem, "Name a text file that exists.")]
        ) from fault


def _replaces(wanted: Policy, live: InForce | None, now: datetime) -> bool:
    """A start replaces what a start put in force; what people put in force stays until the file is newer."""
    if wanted.effective_at > now:
        return False
    if live is None:
        return True
    if live.version == wanted.version or live.effective_at > wanted.effective_at:
        return False
    return live.activated_by == STARTED or wanted.effective_at > live.activated_at
