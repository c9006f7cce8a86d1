from powerbank.integrations.errors import VendorRefusedError


class DeadSubscriptionError(VendorRefusedError):
    """The push service says that the subscription of a browser is gone."""


class BadSubscriptionError(ValueError):
    """What a browser gave as its subscription is none, or leads to no push service that we know."""
