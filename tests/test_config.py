"""A wrong environment is refused at once, with everything that is wrong."""

import pytest

import config

GOOD = {"DATABASE_URL": "postgresql://app@db/powerbank"}
PRODUCTION = GOOD | {
    "POWERBANK_ENV": "production",
    "SECRET_KEY": "a" * 32,
    "JWT_SECRET_KEY": "b" * 32,
    "OTP_KEY": "c" * 32,
    "DOCUMENT_KEYS": f"{'d' * 32},{'e' * 32}",
    "DOCUMENT_DIGEST_KEY": "f" * 32,
    "DOCUMENTS_DIR": "/var/lib/powerbank/documents",
    "STAFF_KEY": "d" * 32,
    "PUBLIC_URL": "https://example.com",
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
        ({"DOCUMENT_KEYS": "d" * 32 + ",short"}, "DOCUMENT_KEYS: must have at least 32 characters"),
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
    assert settings.document_secrets == ["d" * 32, "e" * 32]
    assert not any(secret * 4 in repr(settings) for secret in "abcdef")


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("redis://10.0.0.5:6379/0", False),
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
