"""The endless radio.

Two processes: the *studio* (`onair.py`) renders ahead, mixes and encodes; the *transmitter* (`transmitter.py`) hands
the encoded sound to every listener, and goes on with the last good hour when the studio is gone. Between them go the
messages of `wire.py`. The transmitter loads no numeric library, so that it stays small and never has to stop.
"""
