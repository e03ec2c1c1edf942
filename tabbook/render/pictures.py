"""Pictures in a form that a file of the whole book can have."""

import os
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.transforms.post_transforms.images import ImageConverter

from tabbook.render.one_tab import OneTabBuilder, picture_type


class _Converter(ImageConverter):
    def match(self, node: nodes.image) -> bool:
        """Say whether ``node`` has to be converted: never for a site, nor where its file is missing."""
        is_there = any(one in self.env.images for one in node["candidates"].values())
        return is_there and isinstance(self.app.builder, OneTabBuilder) and super().match(node)


class SvgToPdf(_Converter):
    """Makes PDF of SVG pictures, which stay vector graphics."""

    conversion_rules: ClassVar[list[tuple[str, str]]] = [("image/svg+xml", "application/pdf")]  # type: ignore[misc]

    def is_available(self) -> bool:
        """Say yes: that the command is there was looked up before anything is made."""
        return True

    def convert(self, _from: str | os.PathLike[str], _to: str | os.PathLike[str]) -> bool:
        """Convert one picture; return whether that was possible."""
        command = ["rsvg-convert", "--format", "pdf", "--output", os.fspath(_to), os.fspath(_from)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class ToPng(_Converter):
    """Makes PNG of pictures of other kinds, of a moving one its first frame, where Pillow is installed."""

    default_priority = 201
    conversion_rules: ClassVar[list[tuple[str, str]]] = [  # type: ignore[misc]
        (kind, "image/png") for kind in ("image/gif", "image/webp", "image/x-other")
    ]
    _folder = ""

    @property
    def imagedir(self) -> str:
        """The folder of the converted picture: those of two files may have one name."""
        return os.path.join(super().imagedir, self._folder)  # noqa: PTH118 - as Sphinx has it

    def is_available(self) -> bool:
        """Say whether Pillow is installed."""
        from importlib.util import find_spec

        return find_spec("PIL") is not None

    def guess_mimetypes(self, node: nodes.image) -> list[str]:
        """Return what the picture is: its content counts, too, since programs believe it."""
        files = node["candidates"]
        if "*" not in files:
            return super().guess_mimetypes(node)
        return [picture_type(Path(self.app.srcdir) / files["*"])]

    def handle(self, node: nodes.image) -> None:
        """Convert one picture."""
        self._folder = sha256(node["uri"].encode()).hexdigest()[:8]
        super().handle(node)

    def convert(self, _from: str | os.PathLike[str], _to: str | os.PathLike[str]) -> bool:
        """Convert one picture; return whether that was possible."""
        from PIL import Image

        try:
            with Image.open(_from) as picture:
                picture.convert("RGBA").save(_to, "PNG")
        except (OSError, ValueError, SyntaxError):  # what Pillow raises for files that are broken
            return False
        return True
