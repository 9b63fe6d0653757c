"""The invitation is valid iCalendar whatever a buyer's name holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tools.invitations import Invitation, icalendar

MEETING = Invitation(
    booking_id="b-1",
    starts=datetime(2026, 11, 25, 19, tzinfo=UTC),
    ends=datetime(2026, 11, 25, 19, 30, tzinfo=UTC),
    zone="America/New_York",
    title="A look at Throughline, together; 30 minutes",
    organizer_name="Throughline",
    organizer_address="meetings@throughline.example",
    attendee_name="Dana",
    attendee_address="dana@example.com",
    written_at=datetime(2026, 11, 24, 15, tzinfo=UTC),
)


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def value(text: str, name: str) -> str:
    (line,) = [line for line in unfolded(text) if line.split(":")[0].split(";")[0] == name]
    return line.partition(":")[2]


def test_a_request_holds_the_meeting() -> None:
    text = icalendar(MEETING)
    assert value(text, "METHOD") == "REQUEST"
    assert value(text, "STATUS") == "CONFIRMED"
    assert value(text, "DTSTART") == "20261125T190000Z"
    assert value(text, "DTEND") == "20261125T193000Z"
    assert value(text, "SUMMARY") == "A look at Throughline\\, together\\; 30 minutes"
    assert value(text, "DESCRIPTION") == "Wednesday 25 November 2026\\, 14:00 (America/New_York)"
    assert value(text, "ORGANIZER") == "mailto:meetings@throughline.example"
    assert 'CN="Dana":mailto:dana@example.com' in "\n".join(unfolded(text))


def test_a_cancellation_takes_the_same_meeting_back() -> None:
    request, cancellation = icalendar(MEETING), icalendar(replace(MEETING, cancelled=True))
    assert value(cancellation, "METHOD") == "CANCEL"
    assert value(cancellation, "STATUS") == "CANCELLED"
    assert value(cancellation, "UID") == value(request, "UID")
    assert int(value(cancellation, "SEQUENCE")) > int(value(request, "SEQUENCE"))


def test_the_description_says_the_time_of_the_buyers_zone_after_a_clock_change() -> None:
    before, after = (datetime(2026, 10, day, 14, tzinfo=UTC) for day in (24, 26))
    texts = [
        value(
            icalendar(replace(MEETING, zone="Europe/London", starts=s, ends=s + timedelta(minutes=30))), "DESCRIPTION"
        )
        for s in (before, after)
    ]
    assert "15:00" in texts[0]
    assert "14:00" in texts[1]


def test_a_number_is_an_attendee_too() -> None:
    text = icalendar(replace(MEETING, attendee_address="+16145550102"))
    assert value(text, "ATTENDEE") == "tel:+16145550102"


@given(name=st.text(max_size=200), title=st.text(max_size=200), address=st.text(max_size=60))
def test_no_text_of_a_buyer_can_add_a_line_or_a_property(name: str, title: str, address: str) -> None:
    text = icalendar(replace(MEETING, attendee_name=name, title=title, attendee_address=address, booking_id=title))
    names = [line.split(":")[0].split(";")[0] for line in unfolded(text)]
    assert names == [line.split(":")[0].split(";")[0] for line in unfolded(icalendar(MEETING))]
    attendee = next(line for line in unfolded(text) if line.startswith("ATTENDEE"))
    assert attendee.count('"') == 2
