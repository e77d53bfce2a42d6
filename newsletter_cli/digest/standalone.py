"""A page that opens by itself: its pictures inside it, for a file that somebody looks at without a server."""

import base64
from collections.abc import Sequence

from newsletter_cli.digest.model import StoredPicture
from newsletter_cli.mail.content import InlinePicture


def with_pictures_inside(
    html: str, public_url: str, published: Sequence[StoredPicture] = (), carried: Sequence[InlinePicture] = ()
) -> str:
    """The page with each of these pictures as a data: address. For a browser only: mail programs block them.

    public_url: as the page's links have it, without a slash at its end.  published, carried: of the issue.
    """
    for one in published:
        html = html.replace(f"{public_url}/a/{one.hash}", _data_url(one.media_type, one.data))
    for picture in carried:
        html = html.replace(f"cid:{picture.content_id}", _data_url(picture.media_type, picture.data))
    return html


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
