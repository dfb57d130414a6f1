"""Chance that can be told again."""

import pytest

from tocsin.testing.chance import SeededEntropy


def test_the_stream_is_fixed_for_good():
    # A changed stream would silently turn every recorded seed into another run.
    assert SeededEntropy(7).bytes(16).hex() == "198a1949e2f7a041b4ee75e4d86fbca2"
    assert SeededEntropy(b"7").bytes(16).hex() == "2dfd22aee363a8234f334bf5a47d0735"


def test_pieces_join_to_the_same_stream_across_blocks():
    whole = SeededEntropy(1).bytes(20_000)
    pieces = SeededEntropy(1)
    sizes = [0, 1, 4095, 1, 4096, 4097, 0, 7]
    joined = b"".join(pieces.bytes(size) for size in sizes)
    assert joined + pieces.bytes(20_000 - len(joined)) == whole


@pytest.mark.parametrize("other", [2, -1, b"1", b""])
def test_other_seeds_give_other_streams(other):
    assert SeededEntropy(1).bytes(32) != SeededEntropy(other).bytes(32)


def test_fractions_lie_in_the_half_open_unit_interval_and_spread():
    entropy = SeededEntropy(3)
    drawn = [entropy.fraction() for _ in range(4000)]
    assert all(0 <= value < 1 for value in drawn)
    tenths = [sum(i / 10 <= value < (i + 1) / 10 for value in drawn) for i in range(10)]
    assert min(tenths) > 320 and max(tenths) < 480


def test_below_reaches_every_number_and_no_other():
    entropy = SeededEntropy(4)
    assert {entropy.below(5) for _ in range(200)} == {0, 1, 2, 3, 4}
    with pytest.raises(ValueError, match="at least 1"):
        entropy.below(0)


def test_forks_do_not_move_each_other():
    first, second = SeededEntropy(5), SeededEntropy(5)
    first.fork("a").bytes(100)
    assert first.bytes(8) == second.bytes(8)
    assert first.fork("a").bytes(8) == second.fork("a").bytes(8) != second.fork("b").bytes(8)
