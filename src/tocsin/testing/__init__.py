"""Testing: what others build tests with (public). Gives: virtual clock, lossy network, power cuts, a federation in one process."""
