"""Messages for browsers are encrypted as RFC 8291 says, and signed as RFC 8292 says."""

from datetime import timedelta

import jwt
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from powerbank.base.clock import utcnow
from powerbank.integrations.errors import VendorRefusedError
from powerbank.integrations.webpush import vapid
from powerbank.integrations.webpush.encryption import (
    LARGEST_MESSAGE,
    RECORD_BYTES,
    BrowserKeys,
    decrypt_message,
    encrypt_message,
    encrypt_with,
    public_point,
    read_point,
)
from powerbank.integrations.webpush.vapid import decode, encode

# This is the example of RFC 8291, section 5 and appendix A.
MESSAGE = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SENDER_POINT = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SALT, AUTH = "DGv6ra1nlYgDCS1FRnbzlw", "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def key_of(number: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decode(number, length=32), "big"), ec.SECP256R1())


def browser() -> tuple[ec.EllipticCurvePrivateKey, BrowserKeys]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, BrowserKeys(public_point(key), b"0123456789abcdef")


def test_the_example_of_the_standard() -> None:
    assert encode(public_point(key_of(SENDER))) == SENDER_POINT
    keys = BrowserKeys(decode(RECEIVER_POINT, length=65), decode(AUTH, length=16))
    made = encrypt_with(MESSAGE, keys, own_key=key_of(SENDER), salt=decode(SALT, length=16))
    assert encode(made) == BODY
    assert decrypt_message(made, private_key=key_of(RECEIVER), auth=keys.auth) == MESSAGE


def test_each_message_is_encrypted_anew_and_only_its_browser_reads_it() -> None:
    key, keys = browser()
    other, _ = browser()
    first, second = (encrypt_message(MESSAGE, keys) for _ in range(2))
    assert first != second
    assert decrypt_message(first, private_key=key, auth=keys.auth) == MESSAGE
    with pytest.raises(InvalidTag):
        decrypt_message(first, private_key=other, auth=keys.auth)
    with pytest.raises(InvalidTag):
        decrypt_message(first, private_key=key, auth=b"another secret!!")


def test_the_longest_message_fills_what_a_push_service_takes() -> None:
    _, keys = browser()
    assert len(encrypt_message(b"x" * LARGEST_MESSAGE, keys)) == RECORD_BYTES
    with pytest.raises(ValueError, match="too long"):
        encrypt_message(b"x" * (LARGEST_MESSAGE + 1), keys)


@pytest.mark.parametrize("point", [b"", b"\x04" + b"\x01" * 64, b"\x02" + b"\x01" * 64])
def test_a_key_that_is_no_point_of_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_point(point)


def test_a_signature_is_for_one_push_service_and_lasts_less_than_a_day() -> None:
    signer = vapid.make_signer(vapid.make_private_key(), contact="ops@example.com")
    scheme, _, rest = signer.authorization_for("https://push.example/send/abc").partition(" ")
    token, _, key = rest.removeprefix("t=").partition(", k=")
    assert (scheme, key) == ("vapid", signer.public_key)
    claims = jwt.decode(
        token, read_point(decode(key, length=65)), algorithms=["ES256"], audience="https://push.example"
    )
    assert claims["sub"] == "mailto:ops@example.com"
    assert 0 < claims["exp"] - utcnow().timestamp() < timedelta(days=1).total_seconds()


@pytest.mark.parametrize("text", ["", "short", "!" * 43, "A" * 43])
def test_a_private_key_that_is_none_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(VendorRefusedError) as refused:
        vapid.make_signer(text, contact="ops@example.com")
    assert str(refused.value) == "Web Push: the private key cannot be read"
