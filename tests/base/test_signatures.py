"""A body is signed, or it was changed, signed by somebody else, or signed long ago."""

import pytest

from powerbank.base.signatures import WINDOW_SECONDS, is_signed, sign_body

NOW = 1_700_000_000


def test_a_signed_body_is_known() -> None:
    assert is_signed(b"{}", sign_body(b"{}", "secret", moment=NOW), "secret", now=NOW)


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (b"{} ", sign_body(b"{}", "secret", moment=NOW), "secret"),
        (b"{}", sign_body(b"{}", "other", moment=NOW), "secret"),
        (b"{}", sign_body(b"{}", "", moment=NOW), ""),
        (b"{}", sign_body(b"{}", "secret", moment=NOW).upper(), "secret"),
        (b"{}", sign_body(b"{}", "secret", moment=NOW) + ",v1=0", "secret"),
        (b"{}", "", "secret"),
    ],
)
def test_a_wrong_signature_is_refused(body: bytes, signature: str, secret: str) -> None:
    assert not is_signed(body, signature, secret, now=NOW)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_signature_is_good_for_a_while_either_way(shift: int) -> None:
    signature = sign_body(b"{}", "secret", moment=NOW)
    assert is_signed(b"{}", signature, "secret", now=NOW + shift * WINDOW_SECONDS)
    assert not is_signed(b"{}", signature, "secret", now=NOW + shift * (WINDOW_SECONDS + 1))
