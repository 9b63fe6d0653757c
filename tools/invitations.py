"""Writes a meeting as iCalendar text (RFC 5545, 5546), so that it lands in whatever calendar the buyer uses."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

_LINE_OCTETS = 75
_ROLE = "CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
_UNSAFE_IN_QUOTES = str.maketrans({'"': "'", "\r": " ", "\n": " "})


@dataclass(frozen=True, slots=True)
class Invitation:
    """One meeting with one buyer. `cancelled` makes the text that takes it back."""

    booking_id: str
    starts: datetime
    ends: datetime
    zone: str  # the buyer's: the description says the time as it was read back
    title: str
    organizer_name: str
    organizer_address: str
    attendee_name: str
    attendee_address: str
    written_at: datetime
    cancelled: bool = False


def icalendar(meeting: Invitation) -> str:
    """Instants are in UTC: every calendar shows them in its owner's zone, and no zone table can be out of date."""
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Throughline//Throughline//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{'CANCEL' if meeting.cancelled else 'REQUEST'}",
        "BEGIN:VEVENT",
        f"UID:{_text(meeting.booking_id)}@throughline",
        f"SEQUENCE:{int(meeting.cancelled)}",
        f"DTSTAMP:{_utc(meeting.written_at)}",
        f"DTSTART:{_utc(meeting.starts)}",
        f"DTEND:{_utc(meeting.ends)}",
        f"SUMMARY:{_text(meeting.title)}",
        f"DESCRIPTION:{_text(spoken_time(meeting))}",
        f"STATUS:{'CANCELLED' if meeting.cancelled else 'CONFIRMED'}",
        f"ORGANIZER;CN={_quoted(meeting.organizer_name)}:{_address(meeting.organizer_address)}",
        f"ATTENDEE;{_ROLE};CN={_quoted(meeting.attendee_name)}:{_address(meeting.attendee_address)}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines)


def spoken_time(meeting: Invitation) -> str:
    local = meeting.starts.astimezone(ZoneInfo(meeting.zone))
    return f"{local:%A} {local.day} {local:%B %Y}, {local:%H:%M} ({meeting.zone})"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """A TEXT value: names come from buyers, and an unescaped line break would let them write properties."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    one_line = escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
    return "".join(c for c in one_line if c == "\t" or (c >= " " and c != "\x7f"))


def _quoted(value: str) -> str:
    """A parameter value: it has no escapes, so what cannot stand in quotes is replaced."""
    return '"' + "".join(c for c in value.translate(_UNSAFE_IN_QUOTES) if c >= " " and c != "\x7f") + '"'


def _address(value: str) -> str:
    bare = quote(value, safe="@+.-_")
    return f"mailto:{bare}" if "@" in bare else f"tel:{bare}"


def _folded(line: str) -> str:
    """Lines of at most 75 octets, cut between characters."""
    parts: list[str] = []
    part, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > _LINE_OCTETS:
            parts.append(part)
            part, size = " ", 1
        part += character
        size += octets
    return "\r\n".join([*parts, part])
