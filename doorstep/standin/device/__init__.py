"""Plays the devices on a counter's table over their own wires: card reader, document camera, signature pad, slip printer,
call terminal, speaker and two rating pads. ``python -m doorstep.standin.device`` says where each listens, then ``READY`` and
the address of a page on which a person moves the cards, presses the pads, takes out the paper and pulls the plugs. Imports
nothing of Doorstep.
"""
