"""Which connections are let go: only of whoever has two more than another process that is alive."""

import mmap

import pytest

from gateway.doors.spread import BUSY, FRESH, PAUSE, Board, Spread

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


def test_a_process_alone_keeps_all(board):
    assert not any(asked(Spread(board), "a", "b", "c", "d"))


def test_two_more_than_another_is_one_too_many(board, other):
    other(NOW, 0)
    spread = Spread(board)
    assert asked(spread, "a", "b", "b", "a") == [False, True, False, False]  # b has gone, and came again at once
    assert asked(spread, "b", now=NOW + PAUSE) == [True]


@pytest.mark.parametrize("theirs", [1, 2, 3])
def test_one_more_or_fewer_is_none_too_many(board, other, theirs):
    other(NOW, theirs)
    assert asked(Spread(board), "a", "b") == [False, False]


def test_the_least_busy_of_several_counts(board, other):
    other(NOW, 5, place=1)
    other(NOW, 0, place=2)
    assert asked(Spread(board), "a", "b") == [False, True]


def test_connections_that_ask_seldom_stay(board, other):
    spread = Spread(board)
    for turn in range(8):
        other(NOW + turn * BUSY, 0)
        assert not spread.lets_go("ab"[turn % 2], NOW + turn * BUSY)


def test_what_is_frozen_or_gone_draws_nothing_to_itself(board, other):
    other(NOW, 0)
    assert asked(Spread(board), "a", "b", "c", "d", now=NOW + FRESH) == [False] * 4


def test_others_learn_what_is_busy_and_that_it_no_longer_is(board):
    spread = Spread(board)
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
