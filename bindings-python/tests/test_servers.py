"""Servers that fork their workers: one worker leads, and another when that one goes."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import LIMIT, Place, Program, eventually

WORKERS = 3

APPLICATION = """
    import json, os, threading
    import leasehold

    settings = json.loads(os.environ["SETTINGS"])
    LOADED_IN = os.getpid()

    def say(*words):
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())
"""

WEB = (
    APPLICATION
    + """
    # Made when the application is loaded, which is in the master where it is preloaded.
    election = leasehold.LeaderElection(**settings)

    @election.on_acquired
    def tell(term):
        say("leads", os.getpid())

    def application(environ, start_response):
        start_response("200 OK", [])
        return [b""]

    def begin():
        assert not election.is_leader
        election.start()
        say("preloaded" if LOADED_IN != os.getpid() else "loaded", os.getpid())
"""
)

GUNICORN_SETTINGS = """
def post_worker_init(worker):
    import application
    application.begin()
"""

GUNICORN = ["-m", "gunicorn", "application:application", "--workers", str(WORKERS)]
GUNICORN += ["--bind", "127.0.0.1:0", "--no-control-socket"]


class Server(Program):
    """A server, run as from the command line."""

    def __init__(self, folder: Path, settings: dict[str, Any], text: str, command: list[str]):
        (folder / "application.py").write_text(textwrap.dedent(text))
        # Which gunicorn reads by itself.
        (folder / "gunicorn.conf.py").write_text(GUNICORN_SETTINGS)
        environment = {**os.environ, "SETTINGS": json.dumps(settings)}
        self._workers: set[str] = set()
        self._start([sys.executable, *command], cwd=folder, env=environment)

    def leader(self, words: str, begin: int = WORKERS) -> str:
        """Waits until so many workers more have begun, saying so, and one of all leads."""
        workers: set[str] = set()
        leaders: list[str] = []
        while len(workers) < begin or not leaders:
            match self.hear().split():
                case ["leads", pid]:
                    leaders.append(pid)
                case [word, pid] if word == words:
                    workers.add(pid)
        (leader,) = leaders
        self._workers |= workers
        assert leader in self._workers
        return leader

    def shut_down(self) -> None:
        self.send(signal.SIGTERM)
        assert self.end() == 0, self.complaints()


@pytest.fixture
def server(place: Place, tmp_path: Path) -> Iterator[Callable[[str, list[str]], Server]]:
    servers: list[Server] = []

    def start(text: str, command: list[str]) -> Server:
        servers.append(Server(tmp_path, place.settings, text, command))
        return servers[-1]

    yield start
    for each in servers:
        each.kill()


@pytest.mark.parametrize(("preload", "words"), [([], "loaded"), (["--preload"], "preloaded")])
@pytest.mark.parametrize("worker_class", ["sync", "gthread"])
def test_of_the_workers_of_gunicorn_one_leads(
    preload: list[str],
    words: str,
    worker_class: str,
    server: Callable[..., Server],
    place: Place,
) -> None:
    web = server(WEB, [*GUNICORN, "--worker-class", worker_class, *preload])
    first = web.leader(words)
    os.kill(int(first), signal.SIGTERM)
    # A worker that comes in its place would not heed a signal on its way.
    second = web.leader(words, begin=1)
    assert second != first
    web.shut_down()
    place.is_released()


OWN_AND_MASTERS = (
    WEB
    + """
    import uwsgi

    masters = leasehold.LeaderElection("masters", mode="always")
    try:
        masters.start()
    except leasehold.ConfigError as error:
        assert "@uwsgidecorators.postfork" in str(error)
    else:
        say("not refused")

    uwsgi.post_fork_hook = begin
"""
)

UWSGI = [str(Path(sys.executable).with_name("uwsgi")), "--master", "--processes", str(WORKERS)]
UWSGI += ["--http-socket", "127.0.0.1:0", "--wsgi", "application", "--need-app", "--die-on-term"]


def test_of_the_workers_of_uwsgi_one_leads(server: Callable[..., Server], place: Place) -> None:
    """Its master forks without telling Python, and is refused for it."""
    place.settings |= {"stall_timeout": 6}
    web = server(OWN_AND_MASTERS, [*UWSGI, "--enable-threads"])
    web.leader("preloaded")
    # Whose heart beats in the worker, where it has been started: else another would lead.
    assert web.hears_nothing_for(7), "longer than the stall timeout"
    web.send(signal.SIGTERM)
    assert web.end() == 0, web.complaints()
    place.is_released()


def test_without_threads_uwsgi_is_refused(server: Callable[..., Server]) -> None:
    web = server(OWN_AND_MASTERS, UWSGI)
    eventually("it says why", lambda: "set `enable-threads`" in web.complaints())


def test_of_the_workers_of_celery_one_leads(
    server: Callable[..., Server], place: Place, tmp_path: Path
) -> None:
    """Celery forks its workers with billiard, its copy of multiprocessing, and ends them by
    `os._exit`, after a signal of its own to the application.
    """
    text = (
        APPLICATION
        + f"""
    from celery import Celery
    from celery.signals import worker_process_init, worker_process_shutdown

    app = Celery(broker="filesystem://", broker_transport_options=dict(
        data_folder_in={str(tmp_path)!r}, data_folder_out={str(tmp_path)!r},
        control_folder={str(tmp_path / "control")!r}))

    # The master takes part in another election, which its workers inherit.
    masters = leasehold.LeaderElection("masters", mode="always")
    masters.start()
    masters.wait_for_leadership({LIMIT})

    @worker_process_init.connect
    def begin(**_):
        global election
        assert not masters.is_leader
        try:
            masters.start()
        except leasehold.ForkedError:
            say("forked", os.getpid())
        election = leasehold.LeaderElection(**settings)
        election.on_acquired(lambda term: say("leads", os.getpid()))
        election.start()

    @worker_process_shutdown.connect
    def end(**_):
        election.stop()
"""
    )
    celery = ["-m", "celery", "--app", "application", "worker", "--pool", "prefork"]
    celery += ["--concurrency", str(WORKERS), "--without-gossip", "--without-mingle"]
    tasks = server(text, [*celery, "--without-heartbeat"])
    tasks.leader("forked")
    tasks.shut_down()
    place.is_released()


def test_a_worker_that_is_killed_leaves_its_lease_to_expire(
    server: Callable[..., Server], place: Place
) -> None:
    place.settings |= {"lease_duration": 8, "renew_deadline": 6, "retry_period": 0.5}
    web = server(WEB, GUNICORN)
    first = web.hear("leads").split()[1]
    os.kill(int(first), signal.SIGKILL)
    assert web.hear("leads").split()[1] != first
    observer = place.election()
    with observer:
        eventually("a worker leads", lambda: observer.leader)
