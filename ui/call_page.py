"""The page on which a buyer calls; it names nobody, and its words come from the call itself."""

from starlette.responses import HTMLResponse

from ui.deal_pages import note, page

_BODY = """<section class="paper call" aria-label="Call">
<p class="state" role="status"><i class="lamp" aria-hidden="true"></i><span id="state">Not on a call</span></p>
<div class="acts">
<button type="button" id="call">Call</button>
<button type="button" id="mute" class="quiet" aria-pressed="false" hidden>Mute</button>
<button type="button" id="hangup" class="bad" hidden>Hang up</button>
</div>
<p id="fault" class="note bad" role="alert" hidden></p>
<ol id="said" class="said" aria-label="What is said" aria-live="polite"></ol>
</section>
<p class="hint">You talk to an AI. Your browser will ask for the microphone; nothing is sent before you press Call.</p>
<noscript><p class="note bad">Calling needs JavaScript.</p></noscript>
<script src="/static/livekit-client.js" defer></script>
<script src="/static/phone_line.js" defer></script>
<script src="/static/call_page.js" defer></script>"""


def call_page() -> HTMLResponse:
    return page("Call us", [_BODY])


def no_calls_page() -> HTMLResponse:
    return page(
        "Calls cannot be taken right now",
        [note("Please try again in some minutes, or answer the message that brought this link.", "bad")],
        503,
    )
