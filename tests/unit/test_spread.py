"""Which connections are let go: only of whoever has two more than another process that is alive."""

import mmap

import pytest

from gateway.doors.spread import BUSY, FRESH, PAUSE, STEADY, Board, Spread

NOW = 1000.0


@pytest.fixture
def board():
    board = Board()
    board.places = 3
    return board


@pytest.fixture
def other(board):
    """Another process' place on the same page."""

    def write(now, busy, place=1):
        own, board.place = board.place, place
        board.write(now, busy)
        board.place = own

    return write


def asked(spread, *connections, now=NOW):
    return [spread.lets_go(connection, now) for connection in connections]


def busy(spread, *connections, now=NOW):
    """All but the request with which each of them counts."""
    assert not any(asked(spread, *connections * (STEADY - 1), now=now))


def test_a_process_alone_keeps_all(board):
    assert not any(asked(Spread(board), *"abcd" * STEADY))


def test_two_more_than_another_is_one_too_many(board, other):
    other(NOW, 0)
    spread = Spread(board)
    busy(spread, "a", "b")
    assert asked(spread, "a", "b") == [False, True]
    busy(spread, "c")  # in place of b
    assert asked(spread, "c", "a") == [False, False]  # so soon after the one before
    assert asked(spread, "c", now=NOW + PAUSE) == [True]


@pytest.mark.parametrize("theirs", [1, 2, 3])
def test_one_more_or_fewer_is_none_too_many(board, other, theirs):
    other(NOW, theirs)
    assert not any(asked(Spread(board), *"ab" * STEADY))


def test_the_least_busy_of_several_counts(board, other):
    other(NOW, 5, place=1)
    other(NOW, 0, place=2)
    spread = Spread(board)
    busy(spread, "a", "b")
    assert asked(spread, "a", "b") == [False, True]


def test_connections_that_ask_seldom_stay(board, other):
    spread = Spread(board)
    for turn in range(8 * STEADY):
        other(NOW + turn * BUSY, 0)
        assert not any(asked(spread, "a", "b", "c", now=NOW + turn * BUSY))


def test_connections_with_a_request_or_two_each_end_none_and_count_for_nothing(board, other):
    other(NOW, 0)
    spread = Spread(board)
    assert not any(asked(spread, *map(str, range(100)), *map(str, range(100))))
    board.place = 1  # as others look
    assert board.least(NOW) == 0


def test_what_is_frozen_or_gone_draws_nothing_to_itself(board, other):
    other(NOW, 0)
    assert not any(asked(Spread(board), *"abcd" * STEADY, now=NOW + FRESH))


def test_others_learn_what_is_busy_and_that_it_no_longer_is(board):
    spread = Spread(board)
    busy(spread, "a", "b")
    asked(spread, "a", "b", "a")
    board.place = 1  # as they look
    assert board.least(NOW) == 2
    board.place = 0
    spread.tell(NOW + BUSY)
    board.place = 1
    assert board.least(NOW + BUSY) == 0


def test_a_process_beyond_the_page_is_left_out(board, other):
    other(NOW, 0)
    board.place, board.places = mmap.PAGESIZE, mmap.PAGESIZE + 1
    spread = Spread(board)
    spread.tell(NOW)
    assert asked(spread, "a") == [False]
