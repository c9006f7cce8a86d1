"""A wrong environment is refused at once, with everything that is wrong."""

import pytest

import config

GOOD = {"DATABASE_URL": "postgresql://app@db/powerbank"}
PRODUCTION = GOOD | {
    "POWERBANK_ENV": "production",
    "SECRET_KEY": "a" * 32,
    "JWT_SECRET_KEY": "b" * 32,
    "OTP_KEY": "c" * 32,
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


def test_production_boots_with_secrets_of_its_own(load) -> None:
    settings = load(PRODUCTION)
    assert settings.production
    assert settings.log_style == "json"
    assert "aaaa" not in repr(settings)
