"""A webhook counts only as it was signed, and only when it was signed just now."""

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusal import Refused
from tools.webhooks import WebhookSigner

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
SIGNER = WebhookSigner(b"s" * 32)
BODY = b'{"type":"payment.succeeded"}'


def refused(verdict: str | Refused) -> str:
    assert isinstance(verdict, Refused)
    return verdict.guard


def test_it_is_the_scheme_that_others_use_too() -> None:
    """Computed here from the published description: HMAC-SHA256 over id.timestamp.body, base64, version v1."""
    stamp = str(int(NOW.timestamp()))
    mac = hmac.digest(SIGNER.secret, f"msg_1.{stamp}.".encode() + BODY, "sha256")
    headers = SIGNER.headers("msg_1", BODY, NOW)
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    assert SIGNER.check(headers, BODY, NOW) == "msg_1"


@given(position=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_a_single_changed_bit_of_the_body_is_noticed(position: int, flip: int) -> None:
    headers = SIGNER.headers("msg_1", BODY, NOW)
    changed = bytearray(BODY)
    changed[position] ^= flip
    assert refused(SIGNER.check(headers, bytes(changed), NOW)) == "webhook_signature"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,\u00e9"},
    ],
)
def test_id_time_and_signature_belong_together(change: dict[str, str]) -> None:
    headers = {**SIGNER.headers("msg_1", BODY, NOW), **change}
    assert refused(SIGNER.check(headers, BODY, NOW)) == "webhook_signature"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": ""},
        {"webhook-id": "msg.1"},
        {"webhook-id": "x" * 201},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "\u0661"},
    ],
)
def test_malformed_headers_are_refused(change: dict[str, str]) -> None:
    headers = {**SIGNER.headers("msg_1", BODY, NOW), **change}
    assert refused(SIGNER.check(headers, BODY, NOW)) == "webhook_headers"
    assert refused(SIGNER.check({}, BODY, NOW)) == "webhook_headers"


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_it_is_fresh_for_five_minutes(minutes: int) -> None:
    assert SIGNER.check(SIGNER.headers("m", BODY, NOW), BODY, NOW + timedelta(minutes=minutes)) == "m"


@pytest.mark.parametrize("age", [timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1), timedelta(days=9)])
def test_an_old_one_and_one_from_the_future_are_refused(age: timedelta) -> None:
    assert refused(SIGNER.check(SIGNER.headers("m", BODY, NOW), BODY, NOW + age)) == "webhook_age"


def test_a_time_beyond_all_calendars_is_refused() -> None:
    stamp = "9" * 30
    mac = hmac.digest(SIGNER.secret, f"m.{stamp}.".encode() + BODY, "sha256")
    signature = "v1," + base64.b64encode(mac).decode()
    headers = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": signature}
    assert refused(SIGNER.check(headers, BODY, NOW)) == "webhook_age"


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed() -> None:
    new = WebhookSigner(b"n" * 32)
    headers = SIGNER.headers("m", BODY, NOW)
    both = f"{new.headers('m', BODY, NOW)['webhook-signature']} {headers['webhook-signature']}"
    assert SIGNER.check({**headers, "webhook-signature": both}, BODY, NOW) == "m"
    assert refused(new.check(headers, BODY, NOW)) == "webhook_signature"
