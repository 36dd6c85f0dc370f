"""The embedded servers against real processes in a directory of their own, broken in the ways that happen."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from companyos import local
from companyos.local import chromium, demo
from companyos.local.processes import end_all, marked
from companyos.local.state import LOOPBACK, LocalError, free_port, read_json

CHECKOUT = local.CHECKOUT


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where nothing has run yet, and where nothing is left running."""
    for name in ("DATABASE_URL", "RUNTIME_DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / ".local"
    yield root
    for profile in ("test", "demo"):
        for server in local.embedded(root, profile):
            if process := server.process():
                process.kill()
    place = local.account.place_for(local.account.for_checkout(root.parent), root)
    if place != root:
        shutil.rmtree(place)


def postmaster(root: Path) -> psutil.Process | None:
    return local.embedded(root, "test")[0].process()


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]


def remember(servers: local.Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def test_a_start_gives_both_servers_with_settled_text_order_and_time_zone(directory: Path) -> None:
    with local.ensure("test", directory) as servers:
        assert str(value(servers.database_url, "SHOW server_version")).startswith("18.")
        assert value(servers.database_url, "SHOW server_encoding") == "UTF8"
        assert value(servers.database_url, "SHOW timezone") == "UTC"
        assert value(servers.database_url, "SELECT datlocprovider FROM pg_database WHERE datname = 'companyos'") == "b"
        assert value(servers.database_url, "SELECT lower('ÄÖ')") == "äö"
        assert value(servers.database_url, "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user") is True
        assert redis.Redis.from_url(servers.redis_url).ping()
    assert postmaster(directory) is None


def test_nobody_gets_in_without_the_password_or_from_another_machine(directory: Path) -> None:
    with local.ensure("test", directory) as servers:
        password = servers.database_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(servers.database_url.replace(password, "guess"))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(servers.redis_url.replace(servers.redis_url.split("@")[0], "redis://")).ping()
        listening = {
            connection.laddr.ip
            for server in servers.embedded
            for connection in server.process().net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {LOOPBACK}


def test_the_next_start_finds_the_data_at_the_same_address(directory: Path) -> None:
    with local.ensure("test", directory) as first:
        remember(first)
    started = time.monotonic()
    with local.ensure("test", directory) as second:
        assert time.monotonic() - started < 5
        assert second.database_url == first.database_url
        assert value(second.database_url, "SELECT answer FROM kept") == 42


def test_a_running_pair_is_used_by_others_and_stopped_by_the_last_of_them(directory: Path) -> None:
    first = local.ensure("test", directory)
    running = postmaster(directory)
    second = local.ensure("test", directory)
    assert postmaster(directory) == running
    assert first.stop() is False
    assert value(second.database_url, "SELECT 1") == 1
    assert second.stop() is True
    assert postmaster(directory) is None


def test_a_user_that_was_killed_keeps_nothing_running(directory: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from companyos import local;"
        "s = local.ensure('test', Path(sys.argv[1])); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(directory)], stdout=subprocess.PIPE, cwd=CHECKOUT) as user:
        assert user.stdout is not None and user.stdout.readline() == b"up\n"
        user.kill()
    left = postmaster(directory)
    assert left is not None
    servers = local.ensure("test", directory)
    assert postmaster(directory) == left
    assert servers.stop() is True
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


def test_servers_killed_in_the_midst_of_work_come_back_with_what_was_committed(directory: Path) -> None:
    servers = local.ensure("test", directory)
    remember(servers)
    for server in servers.embedded:
        server.process().send_signal(signal.SIGKILL)
    with local.ensure("test", directory) as again:
        assert value(again.database_url, "SELECT answer FROM kept") == 42
        assert redis.Redis.from_url(again.redis_url).ping()
        servers.stop()


def test_a_number_in_the_pid_file_that_belongs_to_a_stranger_is_no_server(directory: Path) -> None:
    with local.ensure("test", directory) as servers:
        data = servers.embedded[0].data
        text = (data / "postmaster.pid").read_text()
    (data / "postmaster.pid").write_text(text.replace(text.split("\n")[0], str(os.getpid()), 1))
    with local.ensure("test", directory) as servers:
        assert value(servers.database_url, "SELECT 1") == 1


def test_a_data_directory_whose_making_was_cut_off_is_made_again(directory: Path) -> None:
    half = local.embedded(directory, "test")[0]
    half.data.mkdir(parents=True)
    (half.data / "PG_VERSION").write_text("18\n")
    (half.data / "base").mkdir()
    with local.ensure("test", directory) as servers:
        assert value(servers.database_url, "SELECT 1") == 1


def test_a_remembered_port_that_is_taken_is_replaced(directory: Path) -> None:
    with local.ensure("test", directory) as servers:
        remember(servers)
        taken = [read_json(server.home / "server.json")["port"] for server in servers.embedded]
    strangers = [socket.create_server((LOOPBACK, port)) for port in taken]
    try:
        with local.ensure("test", directory) as servers:
            assert str(taken[0]) not in servers.database_url
            assert value(servers.database_url, "SELECT answer FROM kept") == 42
            assert redis.Redis.from_url(servers.redis_url).ping()
    finally:
        for stranger in strangers:
            stranger.close()


def test_two_that_start_at_once_get_one_pair(directory: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: local.ensure("test", directory), range(2))
    assert one.environment == two.environment
    assert [one.stop(), two.stop()] == [False, True]


def test_servers_named_in_the_environment_are_used_and_none_is_started_for_them(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/0")
    with local.ensure("test", directory) as servers:
        assert servers.redis_url == "redis://elsewhere:6379/0"
        assert [type(server).__name__ for server in servers.embedded] == ["Postgres"]
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/other")
    shutil.rmtree(directory)
    with local.ensure("test", directory) as servers:
        assert servers.database_url == "postgres://elsewhere/other"
        assert servers.stop() is True
    assert not directory.exists()


def test_data_of_another_major_version_is_named_and_left_alone(directory: Path) -> None:
    with local.ensure("test", directory) as servers:
        postgres = servers.embedded[0]
    postgres.finished.write_text("17")
    with pytest.raises(LocalError, match="made by PostgreSQL 17"):
        local.ensure("test", directory)
    assert (postgres.data / "PG_VERSION").exists()


def test_a_command_runs_with_the_addresses_and_its_exit_status_comes_back(directory: Path) -> None:
    code = "import os, sys; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); sys.exit(3)"
    done = subprocess.run(
        [sys.executable, "-m", "companyos.local", "run", "--profile", "test", "--", sys.executable, "-c", code],
        env=os.environ | {"COMPANYOS_LOCAL_DIR": str(directory)},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout.startswith("postgres://companyos:") and " redis://" in done.stdout
    assert postmaster(directory) is None


def test_a_port_in_use_is_named_with_the_way_out(directory: Path) -> None:
    port = free_port()
    with socket.create_server((LOOPBACK, port)), pytest.raises(LocalError, match=rf"Port {port} is in use.*PORT="):
        demo.check_ports(port)


def test_what_a_killed_launcher_left_is_found_by_its_mark_and_ended(directory: Path) -> None:
    given = os.environ | {demo.MARK: str(directory)}
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    left, stranger = subprocess.Popen(sleep, env=given), subprocess.Popen(sleep)
    try:
        assert [process.pid for process in marked(demo.MARK, str(directory))] == [left.pid]
        end_all(marked(demo.MARK, str(directory)))
        assert left.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


def test_starting_over_forgets_the_demo_and_spares_the_tests(directory: Path) -> None:
    with local.ensure("test", directory) as of_tests, local.ensure("demo", directory) as of_demo:
        remember(of_tests)
        remember(of_demo)
        with pytest.raises(LocalError, match="Another command"):
            demo.forget(directory)
    demo.forget(directory)
    with local.ensure("test", directory) as of_tests, local.ensure("demo", directory) as of_demo:
        assert value(of_tests.database_url, "SELECT answer FROM kept") == 42
        assert value(of_demo.database_url, "SELECT to_regclass('kept')") is None


def test_servers_of_the_environment_are_never_emptied(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/other")
    with pytest.raises(LocalError, match="DATABASE_URL"):
        demo.forget(directory)


def test_a_missing_browser_is_an_error_only_where_a_skip_would_go_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("CI", "")
    assert chromium.obtain() is None
    monkeypatch.setenv("CI", "true")
    with pytest.raises(LocalError, match="Chromium is missing"):
        chromium.obtain()
