"""Patrol 巡逻: what is owed, drawn and changed by page; a plan for each shift; what was driven of it."""
