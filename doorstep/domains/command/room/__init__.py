"""The station's duty room 综合指挥室: what goes on, who is there, what is due, the hand-over of a shift, the morning report."""
