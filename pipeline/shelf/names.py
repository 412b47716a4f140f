"""Names of folders and files made from titles: safe on every file system, whatever a model wrote.

The forbidden characters and reserved device names are those of Windows, the strictest of the three systems
(learn.microsoft.com/windows/win32/fileio/naming-a-file); Unicode is NFC, which macOS and Linux both find again.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

SLUG_LIMIT = 60
"""The longest slug made from a title, in characters, before a number is added to tell two apart."""

NAME_LIMIT = 120
"""The longest title inside a file name, in bytes of UTF-8. File systems allow 255 for the whole name."""

_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)
_LETTERS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
            "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ĸ": "k",
            "ŋ": "ng", "Ŋ": "NG", "ŧ": "t", "Ŧ": "T", "’": "", "'": "", "&": " and "}  # fmt: skip
_ACROSS = str.maketrans(_LETTERS)
_SEPARATORS = str.maketrans({"/": "-", "\\": "-", "|": "-", ":": "-", '"': "'", "<": None, ">": None, "?": None,
                             "*": None})  # fmt: skip
_JOINERS = "\u200c\u200d"


def slug_of(title: str) -> str:
    """Return a slug for a title: "Café à minuit" gives "cafe-a-minuit".

    A title without a single ASCII letter, accents put aside, gives "album-" and eight digits of its SHA-256.
    """
    spread = unicodedata.normalize("NFKD", title.translate(_ACROSS))
    plain = "".join(char for char in spread if not unicodedata.combining(char))
    if re.search(r"[a-zA-Z]", plain) is None:
        key = unicodedata.normalize("NFC", title)
        return "album-" + hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:8]
    words = re.findall(r"[a-z0-9]+", plain.lower())
    slug = words[0][:SLUG_LIMIT]
    for word in words[1:]:
        if len(slug) + 1 + len(word) > SLUG_LIMIT:
            break
        slug += "-" + word
    return f"{slug}-album" if slug in _DEVICES else slug


def safe_title(title: str) -> str:
    """Return a title as it can stand in a file name: one path component, never empty, at most 120 bytes, NFC."""
    text = unicodedata.normalize("NFC", title)
    text = "".join(" " if char.isspace() else char for char in text)
    # Cc, Cf, Cs, Co, Cn: control and direction characters, halves of surrogates, and characters without a meaning.
    text = "".join(char for char in text if unicodedata.category(char)[0] != "C" or char in _JOINERS)
    text = unicodedata.normalize("NFC", " ".join(text.translate(_SEPARATORS).split()))
    text = text.lstrip(" -.~" + _JOINERS)
    text = text.encode()[:NAME_LIMIT].decode(errors="ignore").rstrip(" ." + _JOINERS)
    if text.partition(".")[0].rstrip(" ").lower() in _DEVICES:
        text = text.encode()[: NAME_LIMIT - 1].decode(errors="ignore").rstrip(" ." + _JOINERS)
        text = f"_{text}"
    return text or "Untitled"
