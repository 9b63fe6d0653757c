"""The last node of a turn that a person's decision follows: it shows what waits as one interrupt, and does no more."""

from typing import Any

from langgraph.types import interrupt

from domain.state import ChainState


def waiting(state: ChainState) -> list[dict[str, Any]]:
    """The open proposals."""
    return [p for p in state.get("situation", {}).get("proposals", []) if p["status"] == "open"]


async def gate(state: ChainState) -> ChainState:
    """Project the open proposals, so that Studio and inbox clients see them. The table stays the truth.

    The payload has the shape of a human-in-the-loop request: one action request and one review config a proposal.
    """
    if proposals := waiting(state):
        interrupt(
            {
                "action_requests": [
                    {
                        "name": ", ".join(p["uses"]),
                        "args": {"approval_id": p["proposal_id"], **p["body"]["args"]},
                        "description": ", ".join(p["rules"]),
                    }
                    for p in proposals
                ],
                "review_configs": [
                    {"action_name": ", ".join(p["uses"]), "allowed_decisions": ["approve", "edit", "reject"]}
                    for p in proposals
                ],
            }
        )
    return {}
