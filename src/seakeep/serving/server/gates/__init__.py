"""Gates: who may ask, and how often. Nothing of this room is made where a server needs no token."""
