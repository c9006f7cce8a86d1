"""How a job hands one message to its vendor, and what it writes down of it."""

from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction
from powerbank.base.errors import PermanentError
from powerbank.integrations.errors import VendorError
from powerbank.integrations.fcm.client import DeadTokenError
from powerbank.notifications.delivery import channels
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.delivery.channels import Message


def hand_over(run: StepwiseRun, delivery_id: UUID, message: Message) -> None:
    """Completes the job if the vendor took the message, or said that it can never arrive. Other failures go on."""
    try:
        receipt = run.call("send", lambda _key: channels.send(message))
    except DeadTokenError as gone:
        with run.finish():
            deliveries.note_dead_token(delivery_id, message.to, str(gone))
        return
    except (VendorError, PermanentError) as error:
        with transaction():
            deliveries.note_failure(delivery_id, str(error), final=isinstance(error, PermanentError))
        raise
    with run.finish():
        deliveries.note_sent(delivery_id, receipt.get("reference"))
