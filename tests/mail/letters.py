"""Mails as they come, written for these tests: no real person and no real shop is in them."""

from __future__ import annotations

GMAIL_REPLY = """\
Delivered-To: ajuda@livraria.example
Return-Path: <bia.moura@gmail.example>
Received: from mail-1.gmail.example by mx.livraria.example; Tue, 10 Nov 2026 09:12:44 -0300
MIME-Version: 1.0
References: <t42.aaa@livraria.example> <outro@livraria.example>
In-Reply-To: <outro@livraria.example>
From: =?UTF-8?Q?Beatriz_Moura_=28pedidos=29?= <bia.moura@gmail.example>
Date: Tue, 10 Nov 2026 09:12:31 -0300
Message-ID: <CAF=bia+1@mail.gmail.example>
Subject: =?UTF-8?B?UmU6IFNldSBwZWRpZG8gbsOjbyBjaGVnb3U=?=
To: Livraria Aurora <ajuda@livraria.example>
Content-Type: multipart/alternative; boundary="0000000000a1"

--0000000000a1
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: 8bit

Oi! O pacote chegou hoje, mas faltou um livro.

Em seg., 9 de nov. de 2026 às 17:40, Livraria Aurora <ajuda@livraria.example>
escreveu:

> Olá Beatriz,
> seu pedido saiu ontem.

--0000000000a1
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: 8bit

<div dir="ltr">Oi! O pacote chegou hoje, mas <b>faltou</b> um livro.</div><br>
<div class="gmail_quote"><div dir="ltr" class="gmail_attr">Em seg., 9 de nov. de 2026 às 17:40,
Livraria Aurora
&lt;<a href="mailto:ajuda@livraria.example">ajuda@livraria.example</a>&gt; escreveu:<br></div>
<blockquote class="gmail_quote"><div>Olá Beatriz,<br>seu pedido saiu ontem.</div></blockquote></div>

--0000000000a1--
""".replace("\n", "\r\n").encode()

OUTLOOK_HTML = """\
From: "Souza, Caio" <caio@oficina.example>
To: ajuda@livraria.example; "Equipe, Vendas" <vendas@livraria.example>
Cc: <ana@oficina.example>
Subject: RES: Nota fiscal
Date: Wed, 11 Nov 2026 14:03:22 +0000
Message-ID: <DM6PR01@oficina.example>
MIME-Version: 1.0
Content-Type: multipart/related; boundary="rel"; type="text/html"

--rel
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<html xmlns:o=3D"urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0cm}</style></head>
<body lang=3D"PT-BR"><div class=3D"WordSection1">
<p class=3D"MsoNormal">Bom dia, segue a corre=E7=E3o.<o:p></o:p></p>
<p class=3D"MsoNormal"><img width=3D"80" src=3D"cid:logo@oficina" alt=3D"Oficina"></p>
<div><div style=3D"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">
<p class=3D"MsoNormal"><b>De:=
</b> Livraria &lt;ajuda@livraria.example&gt;<br>
<b>Enviada em:</b> ter=E7a-feira, 10 de novembro de 2026 10:00<br>
<b>Para:</b> Caio<br><b>Assunto:</b> Nota fiscal</p></div></div>
<p class=3D"MsoNormal">Prezado Caio, poderia corrigir?</p>
</div></body></html>
--rel
Content-Type: image/png; name="logo.png"
Content-ID: <logo@oficina>
Content-Disposition: inline; filename="logo.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--rel--
""".replace("\n", "\r\n").encode()

BOUNCE = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.livraria.example (Mail Delivery System)
To: ajuda@livraria.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <b1@mx.livraria.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="rep"

--rep
Content-Type: text/plain; charset=us-ascii

The address does not exist.
--rep
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.livraria.example

Final-Recipient: rfc822; ninguem@loja.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--rep
Content-Type: message/rfc822

From: ajuda@livraria.example
Subject: Resposta
Message-ID: <ours@livraria.example>

Oi
--rep--
"""


def letter(headers: str = "", body: str | bytes = "Oi") -> bytes:
    """A short mail with more headers before the usual ones."""
    usual = "From: Ada <ada@x.example>\r\nTo: a@shop.example\r\nSubject: Oi\r\nMessage-ID: <m1@x.example>\r\n"
    said = body.encode() if isinstance(body, str) else body
    return (
        (headers.strip().replace("\n", "\r\n") + "\r\n" if headers.strip() else "").encode()
        + usual.encode()
        + (b"\r\n" + said)
    )


def html(body: str) -> bytes:
    """A mail that is only HTML."""
    return letter("MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8", body)


def mixed(*parts: str | bytes) -> bytes:
    """A multipart/mixed of parts given with their headers."""
    joined = b"".join(b"\r\n--mix\r\n" + (part.encode() if isinstance(part, str) else part) for part in parts)
    return letter(
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="mix"', joined + b"\r\n--mix--\r\n"
    )
