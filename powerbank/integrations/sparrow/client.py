"""Sparrow SMS v2. It queues and gives no message id; a repeat after a lost answer may send twice."""

import requests

from powerbank.integrations.errors import VendorError, VendorRefusedError

TIMEOUT = (3.05, 10)
# Field missing, address not allowed, token, receiver, sender, empty text, no valid receiver.
PERMANENT = {1000, 1001, 1002, 1007, 1008, 1010, 1011}


def send(*, url: str, token: str, sender: str, to: str, text: str) -> None:
    """`to` in E.164; Sparrow wants Nepal's ten digits. POST keeps the token and the text out of addresses."""
    form = {"token": token, "from": sender, "to": to.removeprefix("+977"), "text": text}
    try:
        response = requests.post(f"{url}/sms/", data=form, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise VendorError(f"SMS: {type(error).__name__}") from None  # its text would hold the address
    code = _response_code(response)
    if response.status_code == 200 and code == 200:
        return
    if code in PERMANENT:
        raise VendorRefusedError(f"SMS refused with {code}")
    raise VendorError(f"SMS failed with {code or response.status_code}")


def _response_code(response: requests.Response) -> int | None:
    """Errors come with 403, and sometimes in a body with 200; a page of HTML has none."""
    try:
        body = response.json()
        return int(body["response_code"])
    except (ValueError, KeyError, TypeError):
        return None
