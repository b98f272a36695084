"""A picture's bytes: Vega-Lite turned into SVG, with the same said in words for who does not see it."""

import asyncio
from typing import Any
from xml.sax.saxutils import quoteattr

import vl_convert


async def svg_of(picture: dict[str, Any]) -> bytes:
    """The picture as SVG: the same specification gives the same bytes. Drawn beside the event loop."""
    drawn: str = await asyncio.to_thread(vl_convert.vegalite_to_svg, picture)
    said = f'<svg role="img" aria-label={quoteattr(str(picture["description"]))} '
    return drawn.replace("<svg ", said, 1).encode()
