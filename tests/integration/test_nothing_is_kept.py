"""What a request brought is let go with its answer; nothing has to look for garbage to find it."""

import gc
import json

import pytest

from gateway.doors.storing import Item
from tests.doors import BridgeDoor
from tests.samples import webhook


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_a_stored_request_is_let_go(world, no_collector, status):
    door, headers = BridgeDoor(world.app), {"Authorization": f"Bearer {world.token()}"}
    before = {id(one) for one in gc.get_objects() if isinstance(one, Item)}
    try:
        for number in range(5):
            body = json.dumps(webhook(name="Disk", fingerprint=f"{number:x}", status=status)).encode()
            assert door.post("/ingest/alertmanager", body, **headers).status == 202
        kept = [one for one in gc.get_objects() if isinstance(one, Item) and id(one) not in before]
    finally:
        door.close()
    assert len(kept) <= 1  # the writer's hands may still be on the last
