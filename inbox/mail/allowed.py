"""What HTML from outside may keep. Everything that is not listed goes."""

TAGS = """
a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd
del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd
li main mark ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table
tbody td tfoot th thead time tr tt u ul var wbr
"""

# Their content goes with them: it is no text.
DROPPED_WHOLE = """
script style title head template noscript iframe object embed applet svg math textarea select xmp
plaintext noembed noframes frameset audio video canvas
"""

# Properties that load nothing and cannot lay one thing over another.
STYLES = """
background-color border border-bottom border-collapse border-color border-left border-radius
border-right border-spacing border-style border-top border-width clear color direction display float
font font-family font-size font-style font-variant font-weight height letter-spacing line-height
list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width
min-height min-width overflow-wrap padding padding-bottom padding-left padding-right padding-top
table-layout text-align text-decoration text-indent text-transform unicode-bidi vertical-align
white-space width word-break word-spacing word-wrap
"""

ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align", "valign", "bgcolor", "width", "height", "color"},
    "a": {"href"},
    "img": {"src", "alt", "border", "hspace", "vspace"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "font": {"face", "size"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value"},
    "time": {"datetime"},
}

SCHEMES = {"http", "https", "mailto", "tel", "cid", "data"}

WRITTEN_TAGS = "p div br b strong i em u s a ul ol li blockquote code pre img"
WRITTEN_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}}
WRITTEN_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
