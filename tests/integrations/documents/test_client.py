"""Whatever holds the documents keeps one contract: the folder on this machine, and Cloudinary as the sandbox
plays it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex

import pytest
import requests

from powerbank.integrations.cloudinary import client as cloudinary
from powerbank.integrations.cloudinary.client import CloudinaryDocuments
from powerbank.integrations.documents.client import LocalDocuments
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.kyc.documents.store import DocumentStore
from scripts.sandbox.server import Sandbox

CONTENT = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def _test_database(sandbox: Sandbox) -> Iterator[None]:
    """These tests need none."""
    yield
    sandbox.reset()


@pytest.fixture
def at_cloudinary(sandbox: Sandbox) -> CloudinaryDocuments:
    accounts = sandbox.accounts
    return CloudinaryDocuments(
        cloud=accounts.cloudinary_cloud,
        api_key=accounts.cloudinary_key,
        api_secret=accounts.cloudinary_secret,
        api_url=f"{sandbox.url}/cloudinary",
    )


@pytest.fixture
def in_folder(tmp_path: Path) -> LocalDocuments:
    return LocalDocuments(tmp_path / "documents")


@pytest.fixture(params=["in_folder", "at_cloudinary"])
def store(request: pytest.FixtureRequest) -> DocumentStore:
    found: DocumentStore = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def key() -> str:
    return token_hex(16)


def test_a_stored_document_is_read(store: DocumentStore, key: str) -> None:
    store.put(key, CONTENT)
    assert store.read(key) == CONTENT


def test_a_repeated_put_overwrites_the_document(store: DocumentStore, key: str) -> None:
    store.put(key, b"earlier")
    store.put(key, CONTENT)
    assert store.read(key) == CONTENT
    store.delete(key)
    with pytest.raises(VendorRefusedError):
        store.read(key)


def test_repeats_at_once_are_one_document(store: DocumentStore, key: str) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: store.put(key, CONTENT), range(8)))
    assert store.read(key) == CONTENT


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: DocumentStore, key: str) -> None:
    store.put(key, CONTENT)
    store.put(token_hex(16), b"another")
    store.delete(key)
    store.delete(key)
    store.delete(token_hex(16))
    with pytest.raises(VendorRefusedError):
        store.read(key)


def test_files_are_whole_private_and_leave_nothing_behind(in_folder: LocalDocuments, key: str, tmp_path: Path) -> None:
    in_folder.put(key, CONTENT)
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    (file.parent / f"{key}.unfinished").write_bytes(b"half")  # a put that was killed
    in_folder.delete(key)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "a" * 31, "", "/" + "a" * 31, "A" * 32])
def test_a_key_cannot_leave_the_folder(in_folder: LocalDocuments, key: str) -> None:
    for call in (in_folder.read, in_folder.delete, lambda key: in_folder.put(key, b"")):
        with pytest.raises(VendorRefusedError):
            call(key)


def test_a_disk_that_fails_is_worth_another_try(tmp_path: Path, key: str) -> None:
    (tmp_path / "file").write_text("")
    for call in (LocalDocuments(tmp_path / "file").read, lambda key: LocalDocuments(tmp_path / "file").put(key, b"x")):
        with pytest.raises(VendorError):
            call(key)


def test_at_cloudinary_nobody_reads_it_without_a_signature(
    at_cloudinary: CloudinaryDocuments, sandbox: Sandbox, key: str
) -> None:
    at_cloudinary.put(key, CONTENT)
    base = f"{sandbox.url}/cloudinary/{sandbox.accounts.cloudinary_cloud}/raw"
    for type_, status in (("authenticated", 401), ("upload", 404), ("private", 401)):
        assert requests.get(f"{base}/{type_}/kyc/{key}", timeout=10).status_code == status


@pytest.mark.parametrize("fault", ["error", "unavailable", "html", "drop", "rate_limited"])
def test_a_transient_fault_is_worth_another_try(
    at_cloudinary: CloudinaryDocuments, sandbox: Sandbox, key: str, fault: str
) -> None:
    at_cloudinary.put(key, CONTENT)
    calls = (lambda: at_cloudinary.put(key, CONTENT), lambda: at_cloudinary.delete(key))
    for call in calls if fault == "html" else (*calls, lambda: at_cloudinary.read(key)):
        sandbox.faults.set("cloudinary", fault)
        with pytest.raises(VendorError) as told:
            call()
        assert key not in str(told.value)
        sandbox.faults.clear()
    at_cloudinary.put(key, CONTENT)


@pytest.mark.parametrize("fault", ["not_allowed", "disabled"])
def test_a_refusal_is_permanent(at_cloudinary: CloudinaryDocuments, sandbox: Sandbox, key: str, fault: str) -> None:
    sandbox.faults.set("cloudinary", fault)
    for call in (at_cloudinary.read, at_cloudinary.delete, lambda key: at_cloudinary.put(key, CONTENT)):
        with pytest.raises(VendorRefusedError) as told:
            call(key)
        assert key not in str(told.value)


def test_a_wrong_secret_is_a_definite_no_and_is_not_told(sandbox: Sandbox, key: str) -> None:
    wrong = CloudinaryDocuments(
        cloud="powerbank",
        api_key=sandbox.accounts.cloudinary_key,
        api_secret="canary-secret",
        api_url=f"{sandbox.url}/cloudinary",
    )
    with pytest.raises(VendorRefusedError) as told:
        wrong.put(key, CONTENT)
    assert "canary" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_vendor_that_hangs_is_given_up_and_a_repeat_is_one(
    at_cloudinary: CloudinaryDocuments, sandbox: Sandbox, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudinary, "TIMEOUT", 1)
    sandbox.faults.set("cloudinary", "hang_after_success", times=1, seconds=60)
    began = time.monotonic()
    with pytest.raises(VendorError):
        at_cloudinary.put(key, CONTENT)
    assert time.monotonic() - began < 30, "half of what the vendor would have taken"
    assert at_cloudinary.read(key) == CONTENT  # it had got through
    at_cloudinary.put(key, CONTENT)
    at_cloudinary.delete(key)
    with pytest.raises(VendorRefusedError):
        at_cloudinary.read(key)
