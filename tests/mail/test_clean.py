"""HTML from outside, made harmless and still readable."""

from __future__ import annotations

import re

import pytest

from inbox.mail import clean, clean_written, page, remote_sources, rewrite_images, to_text, trackers

ATTACKS = """\
<script>alert(1)</script>
<SCRIPT SRC=//evil.example/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<img src=x onerror=alert(1)>
<img src="javascript:alert(1)">
<img src=`x` onerror=alert(1)>
<img/src/onerror=alert(1)>
<svg onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<a href="javascript:alert(1)">x</a>
<a href="JaVaScRiPt:alert(1)">x</a>
<a href=" &#106;avascript:alert(1)">x</a>
<a href="java&#10;script:alert(1)">x</a>
<a href="&#x1;javascript:alert(1)">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>
<a href="//evil.example" ping="//evil.example/p">x</a>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="x.swf"></object><embed src="x.swf">
<form action="/tickets/1" method="post"><input name=a><button>ok</button></form>
<meta http-equiv="refresh" content="0;url=//evil.example">
<link rel=stylesheet href="//evil.example/x.css">
<base href="//evil.example/">
<style>@import "//evil.example/x.css"; body{background:url(//evil.example/b)}</style>
<div style="background:url(//evil.example/b)">x</div>
<div style="background-image:\\75rl(//evil.example/b)">x</div>
<div style="width:expression(alert(1))">x</div>
<div style="behavior:url(x.htc)">x</div>
<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9">x</div>
<div style="margin-top:-500px">x</div>
<div hx-get="/x" data-hx-post="/y" hx-on:click="alert(1)" data-x="1" id="a" name="b" class="c">x</div>
<table background="//evil.example/b"><tr><td>x</td></tr></table>
<video poster="//evil.example/p"><source src="//evil.example/v"></video>
<img srcset="//evil.example/a 1x" src="cid:a" loading=lazy>
<img src="data:image/svg+xml;base64,PHN2Zz4=">
<body onload=alert(1) background="//evil.example/x">x</body>
<details open ontoggle=alert(1)>x</details>
<xmp><img src=x onerror=alert(1)></xmp>
<textarea></textarea><img src=x onerror=alert(1)>
<select><style></select><img src=x onerror=alert(1)></style>
<!--><img src=x onerror=alert(1)>-->
<template><img src=x onerror=alert(1)></template>
<p title="&quot; onmouseover=&quot;alert(1)">x</p>
""".splitlines()

BAD = re.compile(
    r"<\s*/?(?:script|style|iframe|object|embed|form|input|button|meta|link|base|svg|math|video|source|template|xmp)\b"
    r"|<[^>]*\s(?:on\w+|hx-[\w:-]+|data-[\w-]+|id|name|class|srcset|background|ping|poster)\s*="
    r"|(?:href|src)\s*=\s*\"?\s*(?:javascript|vbscript|data:text|data:image/svg|//)"
    r"|url\(|expression|behavior|position\s*:|z-index|margin[^\";]*-\d",
    re.IGNORECASE,
)


def plain(html: str) -> str:
    """Without the two attributes every link gets, which come in either order."""
    return html.replace(' rel="noopener noreferrer"', "").replace(' target="_blank"', "")


def tags(html: str) -> str:
    """The markup alone, with quoted attribute values that are only text left out."""
    return re.sub(r'(title|alt)="[^"]*"', "", " ".join(re.findall(r"<[^<>]*>", html)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_leaves_nothing_that_acts(attack: str) -> None:
    once = clean(attack)
    assert not BAD.search(tags(once)), once
    assert plain(clean(once)) == plain(once), (
        "a second reading must not change it: that is how mutation attacks hide"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_agents_write_is_held_tighter(attack: str) -> None:
    once = clean_written(attack)
    assert not BAD.search(tags(once)), once
    allowed = {
        "p",
        "div",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "a",
        "ul",
        "ol",
        "li",
        "blockquote",
        "code",
        "pre",
        "img",
    }
    assert set(re.findall(r"<([a-z0-9]+)", once)) <= allowed


def test_ordinary_mail_keeps_its_looks() -> None:
    html = '<table border="1" width="100%"><tbody><tr><td style="color:red">1</td></tr></tbody></table>'
    assert clean(html) == html


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("background:#7a3b12;color:#fff", "background-color:#7a3b12;color:#fff"),
        ("BACKGROUND: #FAFAFA none no-repeat center/cover", "background-color:#FAFAFA"),
        ("background:rgb(1, 2, 3) !important", "background-color:rgb(1, 2, 3)"),
        ("background:white url(https://t.example/p.png)", "background-color:white"),
        ("background:url(https://t.example/p.png)", None),
        ("background:expression(alert(1))", None),
    ],
)
def test_a_painted_button_keeps_its_paint_so_that_its_words_can_be_read(
    written: str, kept: str | None
) -> None:
    assert clean(f'<p style="{written}">x</p>') == (f'<p style="{kept}">x</p>' if kept else "<p>x</p>")


def test_links_open_elsewhere_and_tell_nothing() -> None:
    link = clean('<a href="https://x.example/?a=1&amp;b=2" target=_self>x</a>')
    assert 'target="_blank"' in link and 'rel="noopener noreferrer"' in link and "a=1&amp;b=2" in link
    assert 'href="mailto:a@x.example"' in clean('<a href="mailto:a@x.example">x</a>')
    assert "href" not in clean('<a href="/tickets/1">x</a>')


def test_images_of_the_mail_are_shown_and_remote_ones_wait() -> None:
    html = clean(
        '<img src="cid:logo" alt="L"><img src="cid:gone" alt="G">'
        '<img src="https://t.example/p?a=1&b=2" alt="P">'
    )
    shown = rewrite_images(html, {"logo": "/files/1"}.get)
    assert '<img src="/files/1" alt="L">' in shown
    assert '<img alt="G">' in shown
    assert 'data-remote="https://t.example/p?a=1&amp;b=2"' in shown and ' src="https' not in shown
    asked = rewrite_images(html, {}.get, lambda source: f"/ours?{source}")
    assert asked.count('src="/ours?https://t.example/p?a=1&amp;b=2"') == 1
    assert remote_sources(html) == ["https://t.example/p?a=1&b=2"]


@pytest.mark.parametrize(
    "pixel",
    [
        'width="1" height="1"',
        "width=1",
        'height="0"',
        'style="width:1px; height:1px"',
        'style="max-height: 0px"',
        'style="display:none" width="600"',
        'width="1px" height="1px" alt="x"',
    ],
)
def test_an_image_that_only_counts_readers_is_never_fetched(pixel: str) -> None:
    html = clean(f'<p>a<img src="https://t.example/p" {pixel}>b</p>')
    assert rewrite_images(html, {}.get, lambda source: source) == "<p>ab</p>"
    assert remote_sources(html) == [] and trackers(html) == 1


@pytest.mark.parametrize(
    "picture", ["", 'width="600" height="1"', 'width="100%" height="2"', 'style="width:1.5em;height:40px"']
)
def test_an_image_that_can_be_seen_counts_nobody(picture: str) -> None:
    html = clean(f'<img src="https://t.example/p" {picture}>')
    assert remote_sources(html) == ["https://t.example/p"] and trackers(html) == 0


def test_a_source_written_inside_another_value_stays_text() -> None:
    html = clean("<img alt='\" src=\"http://evil.example/\"' src='http://a.example/b'>")
    assert " src=" not in rewrite_images(html, {}.get).replace("&quot; src=", "")


def test_the_composer_may_show_our_images_and_those_of_the_mail() -> None:
    html = clean_written(
        '<div>a<img src="/files/1"><img src="cid:x"><img src="//e.example/x"><img src="http://e.example"></div>'
    )
    assert html.startswith("<div>a") and html.count(" src=") == 2


def test_the_frame_is_a_whole_page_without_scripts_that_folds_history() -> None:
    shown = page("<p>Novo</p>", "<p>antigo</p>", "pt-BR", 'Mostrar "citação"')
    assert shown.startswith('<!doctype html><html lang="pt-BR"')
    assert 'aria-label="Mostrar &quot;citação&quot;"' in shown
    assert "<details><summary" in shown and "<script" not in shown and "light dark" in shown
    assert "<details" not in page("<p>Novo</p>", "", "en", "Show")


def test_a_mail_with_colours_of_its_own_keeps_its_white_paper() -> None:
    assert "light dark" not in page('<p style="color:#000">x</p>', "", "en", "Show")


def test_text_of_html_reads_like_text() -> None:
    html = (
        "<p>Um</p><p>Dois<br>linhas</p><div>Três</div><div style='display:none'>oculto</div>"
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
        "<pre>x\n  y</pre><img alt='foto'>"
    )
    assert to_text(html) == "Um\n\nDois\nlinhas\n\nTrês\n\na\tb\nc\td\n\nx\n  y\n\n[foto]"
