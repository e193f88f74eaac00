"""Playback 回放: a past hour of the command map, for a purpose that one person states and another agrees to."""
