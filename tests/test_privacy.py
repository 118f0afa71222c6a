"""No password of an address is shown, however it is spelt; what is left connects without it."""

import pytest

from fmtool.privacy import redacted, without_password, without_secrets_of

SECRET = "hunter2hunter2"

SHOWN = {
    f"postgresql://me:{SECRET}@host:5432/db": "postgresql://me@host:5432/db",
    f"postgresql://host/db?user=x&password={SECRET}": "postgresql://host/db?user=x",
    f"postgresql://host/db?password={SECRET}&user=x": "postgresql://host/db?user=x",
    f"postgresql://host/db?sslmode=require&sslpassword={SECRET}&sslkey=/k": (
        "postgresql://host/db?sslmode=require&sslkey=/k"
    ),
    f"postgresql://host/db?PASSWORD={SECRET}": "postgresql://host/db",
    f"postgresql://host/db?p%61ssword={SECRET}": "postgresql://host/db",
    f"postgresql://host/db?p%2561ssword={SECRET}": "postgresql://host/db",
    f"postgresql://host/db?password=a&{SECRET}&user=x": "postgresql://host/db?user=x",
    f"postgresql://host/db?options=password%3D{SECRET}": "postgresql://host/db",
    f"postgresql+psycopg://me:a@{SECRET}@host/db": "postgresql+psycopg://me@host/db",
    f"postgresql://me:a/{SECRET}@host/db": "postgresql://me@host/db",
    f"mysql://me@host/db?passwd={SECRET}&charset=utf8": "mysql://me@host/db?charset=utf8",
    f"postgresql://me:{SECRET}@[::1]:5432/db": "postgresql://me@[::1]:5432/db",
    "postgresql://h1:1,h2:2/db": "postgresql://h1:1,h2:2/db",
    f"postgresql://me:{SECRET}": "postgresql://***",
    f"postgresql://me:a?{SECRET}@host/db": "postgresql://***",
    f"postgresql://host/db?password=a@{SECRET}": "postgresql://***",
    f"postgresql://host/db;password={SECRET}": "postgresql://***",
    f"sqlite:////data/s.db?password={SECRET}": "sqlite:////data/s.db",
    f"journal:///data/s?token={SECRET}&x=1": "journal:///data/s?x=1",
    f"host=h user=x password={SECRET}": "host=h user=x password=<redacted>",
    f"host=h password='a {SECRET}' user=x": "host=h password=<redacted> user=x",
    f"HOST=h PASSWORD = {SECRET}": "HOST=h PASSWORD = <redacted>",
    "sqlite:////data/my study.db": "sqlite:////data/my study.db",
    "journal:///data/study.log": "journal:///data/study.log",
}


@pytest.mark.parametrize(("address", "shown"), SHOWN.items())
def test_the_password_of_an_address_is_not_shown(address, shown):
    assert without_password(address) == shown
    assert SECRET not in shown
    assert without_password(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"cannot parse 'postgresql://h/d?password={SECRET}'; fix: see x",
            "d?password=<redacted>'; ",
        ),
        (f"at postgresql://me:{SECRET}@h/d now", "postgresql://me:<redacted>@h/d now"),
        (f"postgresql://me:a/{SECRET}@h/d", "postgresql://me:<redacted>@h/d"),
        ("the storage postgresql://me@h:5432/d does not answer", "postgresql://me@h:5432/d does"),
        (f"x hf_{SECRET}", "x <redacted>"),
        (
            "epochs=3 model.num_heads=4; fix: max_tokens=5",
            "epochs=3 model.num_heads=4; fix: max_to",
        ),
    ],
)
def test_an_address_within_a_text_is_found(text, shown):
    assert shown in redacted(text)
    assert SECRET not in redacted(text)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@h/d",
        f"postgresql://h/d?password={SECRET}",
        "postgresql://h/d?password=hunter2%68unter2",
        f"host=h password='{SECRET}'",
    ],
)
def test_what_a_driver_says_of_an_address_does_not_tell_its_password(address):
    said = without_secrets_of(address, f'invalid port "{SECRET}" in {address}')
    assert SECRET not in said
    assert said.startswith('invalid port "<redacted>"')
