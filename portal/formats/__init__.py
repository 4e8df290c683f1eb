"""How the portal writes dates: the same for everybody, on a 24-hour clock."""
