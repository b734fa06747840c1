"""Settings all tests share."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The first call of a kernel compiles it, so time says nothing about an example.
settings.register_profile("corpusmill", deadline=None)
settings.load_profile("corpusmill")


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """What this process writes may stay in memory: nobody cuts the power, and a killed process loses nothing of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda file: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Shells have what they start in the background ignore SIGINT, and so would the processes that tests send it to."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
