"""Sparrow SMS v2. It queues and gives no message id; a repeat after a lost answer may send twice."""

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.http import Answer, Http

_http = Http("SMS")
# Field missing, address not allowed, token, receiver, sender, empty text, no valid receiver.
PERMANENT = {1000, 1001, 1002, 1007, 1008, 1010, 1011}


def send(*, url: str, token: str, sender: str, to: str, text: str) -> None:
    """`to` in E.164; Sparrow wants Nepal's ten digits. POST keeps the token and the text out of addresses."""
    form = {"token": token, "from": sender, "to": to.removeprefix("+977"), "text": text}
    answer = _http.send("POST", f"{url}/sms/", data=form)
    code = _response_code(answer)
    if answer.status == 200 and code == 200:
        return
    if code in PERMANENT:
        raise VendorRefusedError(f"SMS refused with {code}")
    raise VendorError(f"SMS failed with {code or answer.status}")


def _response_code(answer: Answer) -> int | None:
    """Errors come with 403, and sometimes in a body with 200; a page of HTML has none."""
    try:
        return int(answer.object()["response_code"])
    except (VendorError, ValueError, KeyError, TypeError):
        return None
