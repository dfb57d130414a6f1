"""System: the machine's clock, chance, disk and key files. Gives: ports/ for real."""
