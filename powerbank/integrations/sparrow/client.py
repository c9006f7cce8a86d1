"""SMS by Sparrow, version 2 of its API.

Sparrow queues a message and gives it no id, so a repeat after a lost answer may send it twice.
"""

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.http import Answer, Http

_http = Http("SMS")
# A field is missing, our address is not allowed, or token, receiver, sender or text are wrong.
PERMANENT = {1000, 1001, 1002, 1007, 1008, 1010, 1011}


def send(*, url: str, token: str, sender: str, to: str, text: str) -> None:
    """Send an SMS to a number in E.164, of which Sparrow wants the ten digits of Nepal.

    It is a POST, so that token and text stand in no address.
    """
    form = {"token": token, "from": sender, "to": to.removeprefix("+977"), "text": text}
    answer = _http.send("POST", f"{url}/sms/", data=form)
    code = _read_response_code(answer)
    if answer.status == 200 and code == 200:
        return
    if code in PERMANENT:
        raise VendorRefusedError(f"SMS refused with {code}")
    raise VendorError(f"SMS failed with {code or answer.status}")


def _read_response_code(answer: Answer) -> int | None:
    """Read the code from the body. Errors come with 403, and sometimes with 200; a page of HTML has no code."""
    try:
        return int(answer.object()["response_code"])
    except (VendorError, ValueError, KeyError, TypeError):
        return None
