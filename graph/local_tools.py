"""Joins the local adapters with what they write to: one set of tools per delivery, inside its transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from domain.catalogue import Catalogue
from memory.deals import Deals
from memory.local_world import LocalWorld
from memory.sealing import Sealer
from tools.calendar_mirror import LocalCalendarMirror
from tools.callbacks import place_callback
from tools.contracts import ContractForm, LocalContracts
from tools.crm import LocalCrm
from tools.declare import Deliver
from tools.links import LinkSender, LinkTexts
from tools.messages import LocalCarrier
from tools.payments import LocalPayments

_DOCUMENTS = Path(__file__).resolve().parents[1] / "policy" / "documents"


@dataclass(frozen=True, slots=True)
class LocalTools:
    """Makes the tools of one connection, by the kind of outbox row that each delivers."""

    sealer: Sealer
    catalogue: Catalogue
    form: ContractForm
    texts: LinkTexts

    @classmethod
    def load(cls, sealer: Sealer, catalogue: Catalogue, base_url: str, documents: Path = _DOCUMENTS) -> Self:
        """`base_url` is where buyers reach the API."""
        form = ContractForm.load(documents / "order.en.txt", catalogue, base_url, sealer.digest)
        return cls(sealer, catalogue, form, LinkTexts.load(documents / "link_messages.en.yaml", catalogue.company.name))

    def __call__(self, connection: Any) -> Mapping[str, Deliver]:
        world, deals = LocalWorld(connection, self.sealer), Deals(connection, self.sealer)
        company = self.catalogue.company
        host = f"{company.name} <{company.phone}>"
        return {
            "crm_record": LocalCrm(world).write_record,
            "message": LocalCarrier(world).send_message,
            "calendar_event": LocalCalendarMirror(world, world, host, company.phone).mirror_event,
            "contract_link": LocalContracts(
                deals, LinkSender(world, self.texts, self.form.contract, "contract")
            ).send_contract,
            "payment_link": LocalPayments(
                deals, LinkSender(world, self.texts, self.form.payment, "payment")
            ).open_payment,
            "callback": place_callback,
        }
