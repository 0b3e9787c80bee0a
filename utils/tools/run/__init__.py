"""Run lessons, several at a time, and show what they measured."""
