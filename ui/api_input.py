"""Reads what strangers send: bounded, of the right type and shape, and refused with field, problem and remedy."""

from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from domain.errors import BadInput

MOST_BYTES = 64 * 1024
_Shape = TypeVar("_Shape", bound=BaseModel)


class Unacceptable(BadInput):
    """Input that is refused before its content matters; `status` is the answer's."""

    def __init__(self, status: int, field: str, problem: str, remedy: str) -> None:
        super().__init__(field, problem, remedy)
        self.status = status


async def body_of(request: Request, most: int = MOST_BYTES) -> bytes:
    """The whole body, never more than `most`: a sender who promises less and sends more is cut off."""
    too_large = Unacceptable(413, "body", f"it is larger than {most} bytes", "Send less.")
    promised = request.headers.get("content-length", "0")
    if not promised.isdigit() or int(promised) > most:
        raise too_large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise too_large
    return bytes(body)


async def json_of(request: Request, shape: type[_Shape]) -> _Shape:
    """A JSON body of this shape. Other content types are refused: a stranger's web page can send those unasked."""
    _expect(request, "application/json")
    return shaped(shape, await body_of(request))


def shaped(shape: type[_Shape], body: bytes) -> _Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        problem = first["msg"][:1].lower() + first["msg"][1:]
        raise BadInput(field, problem[:200], "Correct it and send it again.") from None


async def form_of(request: Request) -> dict[str, str]:
    """A submitted form; of a field that is sent twice the last value counts."""
    _expect(request, "application/x-www-form-urlencoded")
    body = await body_of(request, 8 * 1024)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise Unacceptable(400, "form", "it cannot be read", "Send it from the page.") from None
    return dict(pairs)


def _expect(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise Unacceptable(415, "content-type", f"it is {given[:60] or 'missing'}", f"Send {wanted}.")
