"""What the sealer must never let through."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from memory.sealing import SealBroken, Sealer

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def test_json_comes_back_and_does_not_show_in_the_sealed_bytes(sealer: Sealer) -> None:
    value = {"name": "Zoë Ünal", "seats": 12, "tags": ["a", None, True], "rate": 1.5}
    sealed = sealer.seal(value)
    assert sealer.open(sealed) == value
    assert "Zoë".encode() not in sealed and b"seats" not in sealed


def test_money_and_times_become_text(sealer: Sealer) -> None:
    moment = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    number = UUID(int=7)
    opened = sealer.open(sealer.seal({"amount": Decimal("10.50"), "at": moment, "day": moment.date(), "id": number}))
    assert opened == {"amount": "10.50", "at": moment.isoformat(), "day": "2026-11-25", "id": str(number)}


def test_a_type_it_does_not_know_is_refused(sealer: Sealer) -> None:
    with pytest.raises(TypeError, match="set cannot be sealed"):
        sealer.seal({"x": {1, 2}})


def test_the_same_value_is_sealed_differently_each_time(sealer: Sealer) -> None:
    assert len({sealer.seal("x") for _ in range(50)}) == 50


@pytest.mark.parametrize("plain", [b"", b"{}", b'{"name":"Zoe"}', b"\x00", b"\x00TL1"])
def test_plaintext_is_refused(sealer: Sealer, plain: bytes) -> None:
    with pytest.raises(SealBroken, match="not sealed"):
        sealer.open(plain)


def test_every_changed_byte_is_noticed(sealer: Sealer) -> None:
    sealed = sealer.seal({"a": 1})
    for at in range(len(sealed)):
        with pytest.raises(SealBroken):
            sealer.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            sealer.open(sealed[:length])


def test_keys_rotate() -> None:
    before, after = Sealer({"k1": OLD}, "k1"), Sealer({"k1": OLD, "k2": NEW}, "k2")
    old, new = before.seal("x"), after.seal("x")
    assert (Sealer.key_id(old), Sealer.key_id(new)) == ("k1", "k2")
    assert after.open(old) == after.open(new) == "x"
    with pytest.raises(SealBroken, match="No data key named 'k2'"):
        before.open(new)


def test_another_key_of_the_same_name_is_refused() -> None:
    with pytest.raises(SealBroken, match="same name"):
        Sealer({"k": NEW}, "k").open(Sealer({"k": OLD}, "k").seal("x"))


def test_digests_outlive_a_rotation_and_tell_kinds_apart() -> None:
    before, after = Sealer({"k1": OLD}, "k1"), Sealer({"k1": OLD, "k2": NEW}, "k2")
    assert before.digest("phone", "+15550100") == after.digest("phone", "+15550100")
    assert before.digest("phone", "+15550100") != before.digest("chat", "+15550100")
    assert before.digest("phone", "+15550100") != Sealer({"k1": NEW}, "k1").digest("phone", "+15550100")


@pytest.mark.parametrize(("keys", "current"), [({"k": b"short"}, "k"), ({"k": OLD}, "other"), ({"": OLD}, "")])
def test_unusable_keys_are_refused(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(SealBroken):
        Sealer(keys, current)
