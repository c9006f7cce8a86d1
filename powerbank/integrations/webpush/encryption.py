"""The encryption of a message for one browser (RFC 8291, in the content coding of RFC 8188).

Only the browser can read it: the push service carries it without its key.
"""

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

RECORD_BYTES = 4096
# A push service must take 4,096 bytes: the header takes 86 of them, the delimiter one, the tag sixteen.
LARGEST_MESSAGE = RECORD_BYTES - 86 - 1 - 16
AUTH_BYTES = 16
_LAST_RECORD = b"\x02"


@dataclass(frozen=True)
class BrowserKeys:
    """The keys that a browser made for its messages: the point `p256dh` and the secret `auth`."""

    p256dh: bytes
    auth: bytes


def encrypt_message(message: bytes, keys: BrowserKeys) -> bytes:
    """Encrypt a message with a key pair and a salt that nothing else uses."""
    return encrypt_with(message, keys, own_key=ec.generate_private_key(ec.SECP256R1()), salt=os.urandom(16))


def encrypt_with(message: bytes, keys: BrowserKeys, *, own_key: ec.EllipticCurvePrivateKey, salt: bytes) -> bytes:
    if len(message) > LARGEST_MESSAGE:
        raise ValueError("the message is too long for a push")
    own_public = public_point(own_key)
    shared = own_key.exchange(ec.ECDH(), read_point(keys.p256dh))
    key_material = _derive(shared, keys.auth, b"WebPush: info\0" + keys.p256dh + own_public, 32)
    content_key = _derive(key_material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(key_material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own_public)]) + own_public
    return header + AESGCM(content_key).encrypt(nonce, message + _LAST_RECORD, None)


def decrypt_message(encrypted: bytes, *, private_key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Decrypt a message as its browser does. The sandbox and the tests play browsers."""
    salt, length = encrypted[:16], encrypted[20]
    sender = encrypted[21 : 21 + length]
    shared = private_key.exchange(ec.ECDH(), read_point(sender))
    key_material = _derive(shared, auth, b"WebPush: info\0" + public_point(private_key) + sender, 32)
    content_key = _derive(key_material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(key_material, salt, b"Content-Encoding: nonce\0", 12)
    padded = AESGCM(content_key).decrypt(nonce, encrypted[21 + length :], None)
    return padded.rstrip(b"\0")[:-1]


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def read_point(point: bytes) -> ec.EllipticCurvePublicKey:
    """Read a point of the curve. ValueError if it is none: a key that is not on the curve would give secrets away."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
