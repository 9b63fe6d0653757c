"""Where the buyer is: region, zone and address, from the line they use until they say better."""

from domain.facts import FactStatus
from domain.ledger import write
from domain.ports import Ports
from domain.state import part
from domain.turn import Turn


def zone_of(turn: Turn) -> str:
    """The buyer's zone as far as it is known; the company's otherwise."""
    zones: list[str] = turn.place.get("zones") or []
    return str(turn.value("zone") or (zones[0] if zones else turn.policy.locale.business_tz))


def know_the_place(turn: Turn, ports: Ports) -> None:
    """Region and candidate zones from the number, until the buyer says better."""
    identity = part(turn.place, "identity")
    if turn.place.get("region") is None and identity.get("kind") == "phone":
        region, zones = ports.places.of(identity["value"])
        turn.place.update(region=region, zones=list(zones))
    if identity.get("kind") == "phone" and not turn.fact("contact.phone"):
        status = FactStatus.CONFIRMED if identity.get("verified") else FactStatus.CLAIMED
        write(turn, "contact.phone", identity["value"], status=status, speaker="system")
    if identity.get("kind") == "email" and not turn.fact("contact.email"):
        write(turn, "contact.email", identity["value"], status=FactStatus.CONFIRMED, speaker="system")
    stated = turn.fact("region")
    if stated and stated["value"] != turn.place.get("region"):
        zone = ports.places.zone_of(str(stated["value"]))
        turn.place.update(region=stated["value"], zones=[zone] if zone else turn.place.get("zones", []))
