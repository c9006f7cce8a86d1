"""A wrong environment is refused at once, with everything that is wrong."""

import hashlib

import pytest

import config
from powerbank.base.settings import rules

GOOD = {"DATABASE_URL": "postgresql://app@db/powerbank"}


def secret(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


PRODUCTION = GOOD | {
    "POWERBANK_ENV": "production",
    "SECRET_KEY": secret("a"),
    "JWT_SECRET_KEY": secret("b"),
    "OTP_KEY": secret("c"),
    "DOCUMENT_KEYS": f"{secret('d')},{secret('e')}",
    "DOCUMENT_DIGEST_KEY": secret("f"),
    "DOCUMENTS_DIR": "/var/lib/powerbank/documents",
    "STAFF_KEY": secret("g"),
    "PAYOUT_KEYS": secret("p"),
    "PUBLIC_URL": "https://example.com",
}
LIVE = {
    "REDIS_URL": "rediss://:hush@redis.internal:6379/0",
    "MQTT_URL": "mqtts://daemon:hush@broker.internal:8883",
    "SMS_URL": "https://api.sparrowsms.com/v2",
    "SMS_TOKEN": "v2_Kd83kdQpw",
    "SMTP_URL": "smtp://user:hush@mail.internal:587",
    "KHALTI_URL": "https://khalti.com/api/v2",
    "KHALTI_SECRET": "live_secret_key_68791341fdd94846a146f0457ff7b455",
    "ESEWA_FORM_URL": "https://epay.esewa.com.np/api/epay/main/v2/form",
    "ESEWA_STATUS_URL": "https://esewa.com.np/api/epay/transaction/status/",
    "ESEWA_PRODUCT_CODE": "NP-ES-POWER",
    "ESEWA_SECRET": "Lk9/:&MnhT.4/z",
    "STRIPE_SECRET": "sk_live_51HG2kdkqQ",
    "STRIPE_WEBHOOK_SECRET": "whsec_9f8a7b6c5d4e",
    "GATEWAY_SECRET": secret("h"),
    "CALLBACK_SECRET": secret("i"),
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> object:
    def load_from(environment: dict[str, str]) -> config.Settings:
        for name in config.Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return config.load()

    return load_from


def test_development_needs_a_database_only(load) -> None:
    settings = load(GOOD)
    assert settings.powerbank_env == "development"
    assert settings.cache_url == settings.redis_url
    assert settings.sqlalchemy_owner_url == settings.sqlalchemy_url == "postgresql+psycopg2://app@db/powerbank"


def test_all_mistakes_are_listed_together_and_no_value_with_them(load) -> None:
    wrong = {"REDIS_URL": "http://topsecret", "LOG_LEVEL": "LOUD", "DATABASE_POOL_SIZE": "none"}
    with pytest.raises(config.ConfigurationError) as refused:
        load(wrong)
    message = str(refused.value)
    assert "4 settings wrong" in message
    for name in ("DATABASE_URL: is required", "REDIS_URL", "LOG_LEVEL", "DATABASE_POOL_SIZE"):
        assert name in message
    assert "topsecret" not in message


def test_production_refuses_what_the_source_tells_everybody(load) -> None:
    with pytest.raises(config.ConfigurationError) as refused:
        load(GOOD | {"POWERBANK_ENV": "production", "JWT_SECRET_KEY": "short", "PUBLIC_URL": "http://example.com"})
    message = str(refused.value)
    assert "SECRET_KEY: is the development secret" in message
    assert "JWT_SECRET_KEY: must have at least 32 characters" in message
    assert "PUBLIC_URL: must be https://" in message
    assert "DOCUMENT_KEYS: is the development secret" in message
    assert "DOCUMENT_DIGEST_KEY: is the development secret" in message
    assert "DOCUMENTS_DIR: must be an absolute path" in message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"DOCUMENT_KEYS": secret("d") + ",short"}, "DOCUMENT_KEYS: must have at least 32 characters"),
        ({"DOCUMENT_KEYS": " , "}, "DOCUMENT_KEYS: must name at least one key"),
        ({"DOCUMENT_STORE": "cloudinary"}, "CLOUDINARY_CLOUD_NAME: is required"),
        ({"DOCUMENT_STORE": "cloudinary", "CLOUDINARY_CLOUD_NAME": "c"}, "CLOUDINARY_API_SECRET: is required"),
    ],
)
def test_documents_need_keys_and_a_store(load, changed: dict[str, str], said: str) -> None:
    with pytest.raises(config.ConfigurationError, match=said):
        load(PRODUCTION | changed)


def test_production_takes_real_money_only(load) -> None:
    wrong = {
        "KHALTI_URL": "http://khalti.com/api/v2",
        "KHALTI_SECRET": "sandbox-khalti-secret",
        "ESEWA_PRODUCT_CODE": "EPAYTEST",
        "ESEWA_SECRET": "8gBm/:&EnhH.1/q",
        "STRIPE_SECRET": "sk_test_1",
        "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
    }
    assert load(GOOD | wrong).esewa_product_code == "EPAYTEST"
    with pytest.raises(config.ConfigurationError) as refused:
        load(PRODUCTION | wrong)
    message = str(refused.value)
    assert "KHALTI_URL: must be https://" in message
    for name in (*wrong.keys() - {"KHALTI_URL"},):
        assert f"{name}: is for tests" in message
    assert "sk_test_1" not in message


def test_callbacks_are_signed_or_not_made(load) -> None:
    with pytest.raises(config.ConfigurationError, match="CALLBACK_SECRET: must be set, as CALLBACK_HOSTS is"):
        load(GOOD | {"CALLBACK_HOSTS": "hooks.example"})
    assert load(GOOD).callback_hosts == ""


def test_production_boots_with_secrets_of_its_own(load) -> None:
    settings = load(PRODUCTION)
    assert settings.production
    assert settings.log_style == "json"
    assert settings.document_secrets == [secret("d"), secret("e")]
    assert not any(secret(each) in repr(settings) for each in "abcdefg")
    assert load(PRODUCTION | LIVE).stripe_secret.get_secret_value() == LIVE["STRIPE_SECRET"]


WEAK = [
    ({"OTP_KEY": "x" * 40}, "OTP_KEY: is a few letters over and over"),
    ({"OTP_KEY": "x"}, "OTP_KEY: must have at least 32 characters"),
    ({"GATEWAY_SECRET": "x"}, "GATEWAY_SECRET: must have at least 32 characters"),
    ({"CALLBACK_SECRET": "xy" * 20}, "CALLBACK_SECRET: is a few letters over and over"),
    ({"KHALTI_SECRET": "x"}, "KHALTI_SECRET: is too short"),
    ({"SMS_TOKEN": "x"}, "SMS_TOKEN: is too short"),
    ({"JWT_SECRET_KEY": secret("a")}, "JWT_SECRET_KEY: is the same as SECRET_KEY"),
    ({"GATEWAY_SECRET": secret("c")}, "GATEWAY_SECRET: is the same as OTP_KEY"),
    ({"DOCUMENT_KEYS": f"{secret('x')},{secret('g')}"}, "DOCUMENT_KEYS: is the same as STAFF_KEY"),
    ({"KHALTI_URL": "https://dev.khalti.com/api/v2"}, "KHALTI_URL: is where the gateway tests"),
    ({"KHALTI_URL": "https://a.khalti.com/api/v2"}, "KHALTI_URL: is where the gateway tests"),
    ({"ESEWA_FORM_URL": "https://rc-epay.esewa.com.np/api"}, "ESEWA_FORM_URL: is where the gateway tests"),
    ({"ESEWA_STATUS_URL": "https://rc.esewa.com.np/api"}, "ESEWA_STATUS_URL: is where the gateway tests"),
    ({"STRIPE_URL": "https://sandbox.internal"}, "STRIPE_URL: is where the gateway tests"),
    ({"STRIPE_URL": "https://127.0.0.1:8025"}, "STRIPE_URL: is where the gateway tests"),
    ({"STRIPE_SECRET": "sk_test_51HG2kdkqQ"}, "STRIPE_SECRET: is for tests"),
    ({"STRIPE_SECRET": "rk_test_51HG2kdkqQ"}, "STRIPE_SECRET: is for tests"),
    ({"STRIPE_SECRET": "pk_test_51HG2kdkqQ"}, "STRIPE_SECRET: is for tests"),
    ({"STRIPE_SECRET": "pk_live_51HG2kdkqQ"}, "STRIPE_SECRET: is the publishable key"),
    ({"KHALTI_SECRET": "test_secret_key_68791341"}, "KHALTI_SECRET: is for tests"),
    ({"MQTT_URL": "mqtt://10.0.0.7:1883"}, "MQTT_URL: must be mqtts://"),
    ({"MQTT_URL": "mqtt://broker"}, "MQTT_URL: must be mqtts://"),
    ({"SMS_URL": "http://10.0.0.7/v2"}, "SMS_URL: must be https://"),
    ({"SMTP_URL": "smtp://mail.internal"}, "SMTP_URL: must be smtps://"),
    ({"FCM_URL": "http://10.0.0.7"}, "FCM_URL: must be https://"),
    ({"CLOUDINARY_API_URL": "http://10.0.0.7"}, "CLOUDINARY_API_URL: must be https://"),
    ({"APP_URL": "http://app.example"}, "APP_URL: must be https://"),
]


@pytest.mark.parametrize(("changed", "said"), WEAK, ids=[said for _, said in WEAK])
def test_production_refuses_what_is_weak_and_development_does_not(load, changed: dict[str, str], said: str) -> None:
    with pytest.raises(config.ConfigurationError, match="1 setting wrong") as refused:
        load(PRODUCTION | LIVE | changed)
    assert said in str(refused.value)
    assert not any(value in str(refused.value) for value in changed.values())
    load(GOOD | LIVE | changed)


def test_everything_weak_is_refused_at_once(load) -> None:
    changed: dict[str, str] = {}
    for each, _ in WEAK:
        changed = each | changed
    with pytest.raises(config.ConfigurationError) as refused:
        load(PRODUCTION | LIVE | changed)
    lines = [line.split(":")[0].strip() for line in str(refused.value).splitlines()[1:]]
    assert set(lines) >= changed.keys()


@pytest.mark.parametrize(
    "changed",
    [{"MQTT_URL": "mqtt://127.0.0.1:1883"}, {"SMTP_URL": "smtp://localhost"}, {"SMS_URL": "http://[::1]:8025/v2"}],
    ids=str,
)
def test_addresses_on_this_machine_may_be_unencrypted(load, changed: dict[str, str]) -> None:
    assert load(PRODUCTION | LIVE | changed).production


def test_every_secret_is_ours_or_named_as_a_vendors(load) -> None:
    """One that is added is ours, and must be strong, unless it is named as a vendor's."""
    ours = [
        name.upper()
        for name, field in config.Settings.model_fields.items()
        if "SecretStr" in str(field.annotation) and name not in rules._FROM_VENDORS
    ]
    assert set(ours) >= {"SECRET_KEY", "GATEWAY_SECRET", "CALLBACK_SECRET"}
    for name in ours:
        with pytest.raises(config.ConfigurationError, match=f"{name}: must have at least 32"):
            load(PRODUCTION | {name: "x"})


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("redis://10.0.0.5:6379/0", False),
        ("redis://:@10.0.0.5:6379/0", False),
        ("redis://worker:@10.0.0.5:6379/0", False),
        ("redis+sentinel://127.0.0.1:26379,10.0.0.5:26379/main/0", False),
        ("redis+sentinel://:@s1:26379,s2:26379/main/0", False),
        ("redis+sentinel://:secret@s1:26379,s2:26379/main/0", True),
        ("redis+sentinel://s1:26379,s2:26379/main/0", False),
        ("redis://:secret@10.0.0.5:6379/0", True),
        ("redis://worker:secret@10.0.0.5:6379/0", True),
        ("rediss://10.0.0.5:6379/0", True),
        ("redis://127.0.0.1:6379/0", True),
        ("unix:///run/redis.sock", True),
    ],
)
def test_production_takes_no_redis_that_is_open_to_all(load, url: str, taken: bool) -> None:
    if taken:
        assert load(PRODUCTION | {"REDIS_URL": url}).redis_url == url
    else:
        with pytest.raises(config.ConfigurationError, match="REDIS_URL: must have a password"):
            load(PRODUCTION | {"REDIS_URL": url})


@pytest.mark.parametrize(
    ("sender", "taken"),
    [
        ("Powerbank <noreply@powerbank.example>", True),
        ("help@power.com.np", True),
        ("noreply@localhost", False),
        ("Powerbank", False),
        ("", False),
        ("a@b@c.np", False),
    ],
)
def test_mail_comes_from_a_whole_address(load, sender: str, taken: bool) -> None:
    if taken:
        assert load(GOOD | {"MAIL_FROM": sender}).mail_from == sender
    else:
        with pytest.raises(config.ConfigurationError, match="MAIL_FROM: must be an address"):
            load(GOOD | {"MAIL_FROM": sender})
