"""next_token, which says where a page ended."""

import base64

from emulator.x.invalid import refuse_parameter


def write_token(last_id: int) -> str:
    """Write the id of a page's last post as X does, as base32hex that is opaque to clients."""
    return base64.b32hexencode(last_id.to_bytes(8, "big")).decode().rstrip("=").lower()


def read_token(token: str) -> int:
    """Read the id out of a next_token; answers 400 when it is not one."""
    try:
        padded = token.upper() + "=" * (-len(token) % 8)
        return int.from_bytes(base64.b32hexdecode(padded), "big")
    except ValueError:
        refuse_parameter("next_token", token, "The `next_token` query parameter value is not valid")
