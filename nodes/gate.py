"""The last node of every turn: it shows what waits for a person's decision as one interrupt, and does nothing else."""

from typing import Any

from langgraph.types import interrupt

from domain.state import ChainState


async def gate(state: ChainState) -> ChainState:
    """Project the open proposals, so that Studio and inbox clients see them. The table stays the truth.

    The payload has the shape of a human-in-the-loop request: one action request and one review config a proposal.
    """
    waiting: list[dict[str, Any]] = [
        p for p in state.get("situation", {}).get("proposals", []) if p["status"] == "open"
    ]
    if waiting:
        interrupt(
            {
                "action_requests": [
                    {
                        "name": ", ".join(p["uses"]),
                        "args": {"approval_id": p["proposal_id"], **p["body"]["args"]},
                        "description": ", ".join(p["rules"]),
                    }
                    for p in waiting
                ],
                "review_configs": [
                    {"action_name": ", ".join(p["uses"]), "allowed_decisions": ["approve", "edit", "reject"]}
                    for p in waiting
                ],
            }
        )
    return {}
