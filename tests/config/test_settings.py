"""Settings: environment, .env, defaults, and errors that name the setting."""

from pathlib import Path

import pytest

from config.settings import Settings, SettingsError, get_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_defaults_keep_everything_under_var(tmp_path: Path) -> None:
    settings = get_settings()
    assert settings.home == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path}/var/leadflow.db"
    assert (settings.mail_mode, settings.lang, settings.tz, settings.config) == ("file", "zh_CN", "Asia/Shanghai", None)
    assert (settings.chunk_rows, settings.engine_seconds) == (40_000, 60)
    folders = ("intake", "processing", "done", "refused", "receipts", "mails")
    assert [getattr(settings, name) for name in folders] == [tmp_path / "var" / name for name in folders]


def test_reading_settings_makes_no_folder(tmp_path: Path) -> None:
    get_settings()
    assert list(tmp_path.iterdir()) == []


def test_the_environment_goes_before_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "LEADS_LANG=en\nLEADS_HOME=from_file\nOTHER=x\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    monkeypatch.setenv("LEADS_HOME", "from_environment")
    settings = get_settings()
    assert (settings.home, settings.lang) == (tmp_path / "from_environment", "en")


def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_CONFIG", "")
    assert get_settings().config is None


@pytest.mark.parametrize(
    ("said", "meant"), [("zh", "zh_CN"), ("zh-CN", "zh_CN"), ("EN", "en"), ("zh_CN.UTF-8", "zh_CN")]
)
def test_a_language_may_be_written_in_several_ways(said: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_LANG", said)
    assert get_settings().lang == meant


@pytest.mark.parametrize("mode", ["file", "redirect:ops@example.com"])
def test_a_mail_mode_may_be(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_MAIL_MODE", mode)
    monkeypatch.setenv("LEADS_SMTP_URL", "smtp://mail.example.com?from=leads@example.com")
    assert get_settings().mail_mode == mode


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LEADS_MAIL_MODE", "redirect:"),
        ("LEADS_MAIL_MODE", "sendd"),
        ("LEADS_LANG", "fr"),
        ("LEADS_TZ", "Mars/Olympus"),
        ("LEADS_TZ", "/etc/passwd"),
        ("LEADS_CHUNK_ROWS", "0"),
        ("LEADS_CHUNK_ROWS", "many"),
        ("LEADS_SMTP_URL", "http://mail.example.com"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        get_settings()


@pytest.mark.parametrize("mode", ["send", "redirect:ops@example.com"])
def test_mailing_needs_a_server_and_a_sender(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_MAIL_MODE", mode)
    with pytest.raises(SettingsError, match="LEADS_SMTP_URL must say through which server"):
        get_settings()
    monkeypatch.setenv("LEADS_SMTP_URL", "smtp://leads:secret@mail.example.com:25")
    with pytest.raises(SettingsError, match=r"\?from=ADDRESS") as refused:
        get_settings()
    assert "secret" not in str(refused.value)
    monkeypatch.setenv("LEADS_SMTP_URL", "smtp://leads:secret@mail.example.com:25?from=leads@example.com")
    get_settings()
    monkeypatch.setenv("LEADS_SMTP_URL", "smtps://leads%40example.com:secret@mail.example.com")
    assert get_settings().mail_mode == mode


def test_a_password_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_DATABASE_URL", "postgresql+psycopg://leads:hidden-word@db.example.com/leads")
    monkeypatch.setenv("LEADS_SMTP_URL", "http://user:hidden-word@mail.example.com")
    with pytest.raises(SettingsError) as caught:
        get_settings()
    assert "hidden-word" not in str(caught.value)
    monkeypatch.delenv("LEADS_SMTP_URL")
    assert "hidden-word" not in repr(get_settings())


def test_settings_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().lang = "en"  # type: ignore[misc]
