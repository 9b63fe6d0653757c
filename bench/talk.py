"""The same conversation for all who are compared: twelve lines of a buyer, in a cycle."""

LINES = (
    "How much is it?",
    "We are eight people on the phones and miss calls",
    "How does it work?",
    "Can you give me a discount?",
    "What about invoices?",
    "And then?",
    "Is there a contract?",
    "Do you speak Spanish?",
    "That sounds expensive",
    "Who decides? I do",
    "Hm, let me see",
    "Is it hard to set up?",
)


def line(number: int) -> str:
    return LINES[number % len(LINES)]
