"""The stores that documents go to from the database. A store is given encrypted bytes only."""

from typing import Protocol

from flask import current_app

from powerbank.base.errors import PermanentError


class DocumentStore(Protocol):
    """A place for documents. Every call may be repeated.

    A `VendorError` says that the same call may succeed later, a `VendorRefusedError` that it never will.
    """

    def put(self, key: str, content: bytes) -> None: ...
    def read(self, key: str) -> bytes: ...
    def delete(self, key: str) -> None:
        """Delete the document; one that is not there is deleted already."""


def get_store(name: str) -> DocumentStore:
    """Each document names its store, so those from before a change of DOCUMENT_STORE stay where they are."""
    settings = current_app.config["SETTINGS"]
    if name == "local":
        from powerbank.integrations.documents.client import LocalDocuments

        return LocalDocuments(settings.documents_dir)
    from powerbank.integrations.cloudinary.client import CloudinaryDocuments

    if settings.cloudinary_cloud_name is None:
        raise PermanentError("CLOUDINARY_CLOUD_NAME is not set")
    return CloudinaryDocuments(
        cloud=settings.cloudinary_cloud_name,
        api_key=settings.cloudinary_api_key.get_secret_value(),
        api_secret=settings.cloudinary_api_secret.get_secret_value(),
        api_url=settings.cloudinary_api_url,
    )
