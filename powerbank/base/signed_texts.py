"""Signed texts that are good for a while, as in addresses, by the database's clock."""

from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from powerbank.base.clock import utcnow


class DatabaseTimeSigner(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(utcnow().timestamp())


class TimedSerializer(URLSafeTimedSerializer):
    """itsdangerous's own, whose two ends would each ask the clock of their host."""

    default_signer = DatabaseTimeSigner
