"""Where anybody can have an address: such a domain says nothing of whom its people belong to."""

from __future__ import annotations

_LARGE = """
    gmail.com googlemail.com hotmail.com hotmail.com.br hotmail.co.uk hotmail.fr hotmail.it hotmail.es
    hotmail.de outlook.com outlook.com.br outlook.pt outlook.es outlook.fr outlook.de outlook.it
    live.com live.com.pt live.co.uk live.fr live.it live.nl msn.com passport.com windowslive.com
    yahoo.com yahoo.com.br yahoo.com.ar yahoo.com.mx yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.fr
    yahoo.de yahoo.it yahoo.es ymail.com rocketmail.com icloud.com me.com mac.com aol.com aim.com
    gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru inbox.ru bk.ru
    list.ru yandex.com yandex.ru proton.me protonmail.com pm.me tutanota.com tutamail.com tuta.com
    tuta.io zoho.com fastmail.com fastmail.fm hushmail.com hey.com duck.com uol.com.br bol.com.br
    terra.com.br ig.com.br globo.com globomail.com r7.com oi.com.br zipmail.com.br superig.com.br
    pop.com.br veloxmail.com.br brturbo.com.br click21.com.br itelefonica.com.br sapo.pt mail.telepac.pt
    clix.pt iol.pt netcabo.pt orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr bbox.fr libero.it
    virgilio.it alice.it tin.it tiscali.it telefonica.net terra.es movistar.es btinternet.com sky.com
    virginmedia.com ntlworld.com comcast.net verizon.net att.net sbcglobal.net cox.net charter.net
    bellsouth.net earthlink.net optonline.net rogers.com shaw.ca sympatico.ca bigpond.com naver.com
    daum.net hanmail.net qq.com 163.com 126.com sina.com rediffmail.com
"""

FREE = frozenset(_LARGE.split())
"""The large providers of Brazil, Portugal and elsewhere. If one is missing, nobody is warned of it."""


def is_free(domain: str) -> bool:
    return domain.lower() in FREE
