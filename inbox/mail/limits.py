"""How much of a mail is read. Beyond these, either the mail is refused (`Unreadable`) or a part of it is cut
and noted.

They are generous for real mail and tight for a bomb: the largest mail below them is read in about two
seconds.
"""

MAX_MAIL_BYTES = 50 * 1024 * 1024
MAX_PICTURE_BYTES = 25 * 1024 * 1024
MAX_DEPTH = 50  # multiparts inside multiparts
MAX_PARTS = 1_000
MAX_RECIPIENTS = 500  # To, Cc and Reply-To, each
MAX_REFERENCES = 100  # the first and the newest are kept, the middle is cut
MAX_HEADER_BLOCK_BYTES = 1024 * 1024  # of one part
MAX_HEADERS = 500  # kept of one part
MAX_HEADER_BYTES = 64 * 1024  # of one header: longer ones are cut
MAX_SHOWN_HEADER_CHARS = 4_000  # of one header as kept in `Mail.headers`
MAX_ID_CHARS = 500  # of one Message-ID
MAX_NAME_CHARS = 200  # of a file name, display name
MAX_SUBJECT_CHARS = 1_000
MAX_TEXT_CHARS = 5 * 1024 * 1024
MAX_HTML_CHARS = 2 * 1024 * 1024  # of HTML that is cleaned and shown; the original is kept whole
MAX_HTML_TAGS = 40_000  # counted as `<`
MAX_HTML_ENTITIES = 150_000  # counted as `&`
MAX_TAG_CHARS = 8_192  # of a tag with more than a hundred attributes: it loses them
MAX_STYLE_CHARS = 300_000  # of style sheets that are written onto the elements
MAX_STYLED_CHARS = 100_000_000  # what they could grow the HTML to, had every element every rule
MAX_HTML_DEPTH = 150
MAX_HTML_FORMATS = 20  # <b>, <font> and the like inside one another
