"""The providers of payouts that this network is set up with, and which kind of account each of them pays to."""

from dataclasses import dataclass

from flask import Flask, current_app

from config import Settings
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.integrations.errors import VendorRefusedError
from powerbank.integrations.khalti_service.client import KhaltiService
from powerbank.integrations.npi.client import Debtor, Npi
from powerbank.integrations.payout_provider import AccountCheck, Destination, Order, PayoutProvider, ProviderAnswer
from powerbank.payouts.states import AccountKind


@dataclass(frozen=True)
class NotAutomatic:
    """A way that people go: a file that they give to the bank's portal, or a payment by hand."""

    name: str
    title: str
    automatic: bool = False

    def check_account(self, to: Destination) -> AccountCheck:
        return AccountCheck(exists=True, note="Nobody can be asked about it.")

    def send(self, order: Order) -> ProviderAnswer:
        raise VendorRefusedError(f"{self.title} is no program")

    def find(self, order: Order) -> ProviderAnswer | None:
        raise VendorRefusedError(f"{self.title} is no program")


BANK_FILE = NotAutomatic("bank_file", "Bank file")
BY_HAND = NotAutomatic("by_hand", "By hand")


def init_app(app: Flask) -> None:
    """Make the providers once for each process, since each keeps its connections and tokens."""
    app.extensions["payout_providers"] = make_providers(app.config["SETTINGS"])


def make_providers(settings: Settings) -> dict[str, PayoutProvider]:
    found: list[PayoutProvider] = [BANK_FILE, BY_HAND]
    if settings.npi_url:
        found.append(
            Npi(
                url=settings.npi_url,
                user=settings.npi_user,
                password=settings.npi_password.get_secret_value(),
                client=settings.npi_client,
                client_secret=settings.npi_client_secret.get_secret_value(),
                private_key=settings.npi_private_key.get_secret_value(),
                debtor=Debtor(
                    settings.npi_debtor_agent,
                    settings.npi_debtor_branch,
                    settings.npi_debtor_account,
                    settings.npi_debtor_name,
                ),
            )
        )
    if settings.khalti_service_url:
        token = settings.khalti_service_token.get_secret_value()
        found.append(KhaltiService(url=settings.khalti_service_url, token=token))
    return {provider.name: provider for provider in found}


def configured() -> dict[str, PayoutProvider]:
    found: dict[str, PayoutProvider] = current_app.extensions["payout_providers"]
    return found


def get(name: str) -> PayoutProvider:
    provider = configured().get(name)
    if provider is None:
        raise ConflictError("provider_unavailable", "This way to pay out is not set up.")
    return provider


def choose(kind: AccountKind) -> str:
    """Choose who pays to accounts of a kind: to banks connectIPS where it is set up, else a file."""
    if kind is AccountKind.BY_HAND:
        return BY_HAND.name
    if kind is AccountKind.KHALTI:
        if "khalti" not in configured():
            raise InvalidFieldsError({"kind": ["Khalti's wallets are not paid to here."]})
        return "khalti"
    return "npi" if "npi" in configured() else BANK_FILE.name
