"""The bridge between a counter's page and the devices on its table: a small program on that machine, on loopback alone.

It knows wires and bytes, and nothing of Doorstep: no Django, no kernel, no database, the standard library only. It keeps nothing
that a device told it. The protocol is in docs/bridge.md.
"""
