"""The mathematics of judging: pure functions without input, output or state."""
