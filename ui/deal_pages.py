"""The pages on which a buyer reads, accepts and pays an order; all that comes from people is escaped here."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from starlette.responses import HTMLResponse

from graph.deals_desk import Bill, Offer, amount_of

LANGUAGE = "en"


def page(title: str, parts: Iterable[str], status: int = 200) -> HTMLResponse:
    """One narrow column. `title` is text, `parts` are markup."""
    body = "\n".join(parts)
    return HTMLResponse(
        f"""<!doctype html>
<html lang="{LANGUAGE}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/pages.css">
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
""",
        status,
    )


def note(text: str, kind: str = "plain") -> str:
    role = "alert" if kind == "bad" else "status"
    return f'<p class="note {kind}" role="{role}">{escape(text)}</p>'


def offer_page(offer: Offer, payment_link: str | None, fault: str | None = None) -> HTMLResponse:
    """The exact text of the contract with its fingerprint, and what can be done with it."""
    paper = f'<article class="paper">\n{_document(offer.document)}\n</article>'
    fingerprint = f'<p class="fingerprint">Fingerprint of this text: <code>{escape(offer.document_hash)}</code></p>'
    if offer.state == "accepted":
        by, at = offer.accepted_by or "", _moment(offer.accepted_at)
        parts = [note(f"Accepted by {by} on {at}.", "good"), paper, fingerprint]
        if payment_link:
            parts.insert(1, f'<p><a class="button" href="{escape(payment_link)}">Go on to the payment</a></p>')
        return page("Your order is accepted", parts)
    if offer.state != "open":
        why = "This offer has run out." if offer.state == "expired" else "This offer was withdrawn."
        return page(
            "This order cannot be accepted",
            [note(f"{why} Write to us, and we will send a new one.", "bad"), paper],
            410,
        )
    form = f"""<form method="post" autocomplete="on">
{note(fault, "bad") if fault else ""}
<label for="name">Your first and last name</label>
<input id="name" name="name" type="text" required minlength="2" maxlength="200" autocomplete="name">
<label class="tick">
<input type="checkbox" name="agreed" value="yes" required> I have read this order and accept it.
</label>
<button type="submit">Accept the order</button>
</form>"""
    return page("Your order", [paper, fingerprint, form], 422 if fault else 200)


def bill_page(bill: Bill, fault: str | None = None) -> HTMLResponse:
    """The local provider's page: no card is ever asked for, the outcome is chosen."""
    sum_ = f'<p class="sum">{escape(amount_of(bill))}</p>'
    if bill.status == "paid":
        return page("Paid", [sum_, note("Thank you. Your payment was received.", "good")])
    if bill.status == "failed":
        return page(
            "The payment failed",
            [sum_, note("Nothing was taken. Write to us, and we will send a new link.", "bad")],
            410,
        )
    if bill.status != "open":
        return page("This link has run out", [sum_, note("Write to us, and we will send a new one.", "bad")], 410)
    if not bill.ordered:
        return page(
            "Your payment", [sum_, note("Please accept the order first. The link to it came with this one.")], 409
        )
    form = f"""<form method="post">
{note(fault, "bad") if fault else ""}
<p class="hint">This is the test provider of this installation: it moves no money and asks for no card.</p>
<button type="submit" name="result" value="succeeded">Pay {escape(amount_of(bill))}</button>
<button type="submit" name="result" value="failed" class="quiet">Let the payment fail</button>
</form>"""
    return page("Your payment", [sum_, form], 502 if fault else 200)


def nothing_page() -> HTMLResponse:
    return page(
        "There is nothing here", [note("The address is wrong or no longer in use. Check the link you were sent.")], 404
    )


def broken_page() -> HTMLResponse:
    return page(
        "Something went wrong",
        [note("It was our fault and nothing was changed. Please try again in a moment.", "bad")],
        500,
    )


def _document(text: str) -> str:
    """The contract's plain text, word for word: headings and lines are marked, nothing is left out or added."""
    return "\n".join(
        f"<h2>{escape(line[2:])}</h2>" if line.startswith("# ") else f"<p>{escape(line)}</p>"
        for line in text.splitlines()
        if line
    )


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%d %B %Y, %H:%M} UTC" if at else "an earlier day"
