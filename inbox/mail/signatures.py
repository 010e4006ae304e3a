"""What stands below a letter and is not the letter: marks of signatures, lines that telephones and programs
write, legal notices, footers of lists; and the warnings that mail servers write above it.

A name and a greeting at the end are part of the letter: no list of names is kept, and none is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_SEEN = 400  # characters of a line that are looked at
_EDGES = "-_*=–—~ \t\u00a0>[]()<"

# How a telephone or program names itself at the end of a mail, by language.
_SENT: Mapping[str, str] = {
    "en": r"(?:sent|shared|composed) (?:from|via|with|using|by) (?:my |the |a )?",
    "pt": r"enviad[oa] (?:do|da|de|desde|pelo|pela|com|usando|via|por|a partir d[eoa]|através d[eoa]) "
    r"(?:meu |minha |o |a )?",
    "es": r"enviad[oa] (?:desde|con|de|a través de|por) (?:mi |el |un )?",
    "fr": r"envoyé (?:de |depuis |à partir d[e'] ?|avec |par |via )(?:mon |ma |l'|la )?",
    "de": r"(?:von|mit) (?:meinem|meiner) |gesendet (?:von|mit|über|aus) (?:meinem |meiner |der )?|"
    r"diese nachricht wurde (?:von|mit) (?:meinem )?",
    "it": r"inviato (?:da|dal|con|tramite) (?:mio |il mio )?",
    "nl": r"(?:verzonden|verstuurd) (?:vanaf|vanuit|met|via) (?:mijn )?",
    "pl": r"wysłan[eoay] (?:z|za pomocą|przy użyciu) (?:mojego |programu |aplikacji )?",
    "sv": r"skickat (?:från|med|via) (?:min )?",
    "no da": r"sendt (?:fra|med|via) (?:min |mit )?",
    "fi": r"lähetetty ",
    "cs sk": r"odesláno (?:z|ze|pomocí) (?:mého |aplikace )?|odoslané (?:z|zo) (?:môjho )?",
    "ro": r"trimis (?:de pe|din|de la|cu) ",
    "hu": r"küldve (?:az? )?",
    "ru": r"отправлено (?:с|из|через|от) (?:моего |моей |мобильного )?",
    "uk": r"надіслано (?:з|із|через) (?:мого )?",
    "el": r"στάλθηκε από (?:το |τη )?",
    "ca": r"enviat (?:des d[e'] ?|amb )(?:el meu )?",
    "zh": r"(?:从|從|发自|發自|来自|來自) ?(?:我的)? ?",
}
# The same, with the verb at the end: `Von meinem Mobilgerät gesendet`, `iPhoneから送信`.
_SENT_LAST = (
    "gesendet", "geschickt", "verzonden", "verstuurd", "gönderildi", "から送信", "에서 보냄", "发送", "傳送",
    "发出", "küldve",
)  # fmt: skip
_GET_OUTLOOK = re.compile(
    r"(?:(?:get|download|obter o|obtenha o|baixe o|baixar o|obtener|obtén|descargar|descarga|télécharger|"
    r"téléchargez|obtenir|scarica|ottieni|downloaden?|haal|pobierz(?: program)?|skaffa|hämta|hent|få|hanki|"
    r"lataa|získat|získejte|stáhnout|obțineți|скачать|получить|получите|отримати|αποκτήστε το|获取|下载|"
    r"holen sie sich) )?(?:o )?outlook (?:for|para|pour|für|per|voor|dla|för|til|pro|pentru|для|για|"
    r"適用於|适用于) ?(?:o )?(?:ios|android|mac|iphone|windows|outlook)",
    re.IGNORECASE,
)
_DEVICES = re.compile(
    r"iphon|ipad|ipod|android|\bios\b|blackberry|samsung|galaxy|huawei|xiaomi|\bredmi\b|\bpoco\b|motorola|"
    r"\bmoto\b|nokia|oneplus|\bpixel\b|\bhtc\b|\blg\b|alcatel|\bsony\b|\boppo\b|\bvivo\b|realme|windows|"
    r"outlook|yahoo|proton|gmail|\bmail (?:for|para|pour|für)|\bmail$|thunderbird|sparrow|airmail|mailbox|"
    r"acompli|typeapp|bluemail|newton|polymail|superhuman|mailbird|edison|fairemail|aqua|zoho|tutanota|"
    r"\btuta\b|verizon|symbian|\bhey\b|spark\b|canary|\bmobile?\b|mobil|phone|celular|telefon|teléfono|"
    r"smartphone|handy|móvil|movil|dispositivo|appareil|urządze|устройств|device|\bmac\b|telemóvel|tablet|"
    r"portable|wireless|cellulare|puhelim|ti-85|\bcell\b|\buol\b|terra|\bbol\b",
    re.IGNORECASE,
)
_SENT_FROM = re.compile("|".join(f"(?:{words})" for words in _SENT.values()), re.IGNORECASE)
_EXCUSE = re.compile(
    r"excus|typo|brevity|brief|apolog|pardon|autocorrect|desculp|perdo|erros|disculp|error|entschuldig|"
    r"tippfehler|kürze|concis|fautes|scus[ai]|refus",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(?:yahoo mail: search, organize, conquer|from my (?:iphone|ipad|android|mobile|phone)\b ?\d*$|"
    r"virus-?free|livre de vírus|libre de virus|sans virus|virenfrei|privo di virus|"
    r"this email has been checked for viruses|este e-?mail foi (?:escaneado|verificado))",
    re.IGNORECASE,
)

# A legal notice says several of these; a person's sentence one at the most.
_LEGAL = (
    "confiden", "intended recipient", "intended only", "intended solely", "legally privileged", "privileged",
    "unauthori", "strictly prohibited", "received this", "in error", "notify the sender", "delete it",
    "destinatári", "destinatari", "sigilos", "por engano", "divulga", "é proibid", "protegid", "apague",
    "elimin", "avise o remetente", "comunique", "por error", "prohibid", "notifique", "secreto",
    "confidentiel", "destinataire", "par erreur", "interdite", "détrui", "vertraulich", "rechtlich geschützt",
    "empfänger", "irrtümlich", "unbefugt", "vernichten", "riservat", "destinatario", "per errore", "vietat",
    "vertrouwelijk", "geadresseerde", "ten onrechte", "poufn", "adresat", "omyłkowo", "конфиденциальн",
    "registered office", "registered in england", "company number", "monitored", "virus", "printing this",
)  # fmt: skip
_SCANNED = re.compile(
    r"^[\W_]*(?:this|este|esta|cet?|diese|questa?|dit|ten) [^.]{1,60}(?:scanned|checked|verificad[oa]|"
    r"escaneado|analysé|geprüft|controllat[oa]|gecontroleerd|sprawdzon)[^.]{0,60}v[ií]rus",
    re.IGNORECASE,
)
_HEADINGS = (
    "disclaimer", "confidentiality notice", "legal notice", "legal disclaimer", "aviso legal",
    "aviso de confidencialidade", "aviso de confidencialidad", "avis de confidentialité",
    "haftungsausschluss", "vertraulichkeitshinweis", "avviso di riservatezza",
)  # fmt: skip
_LEAST_LEGAL = 3
_ENOUGH_LEGAL = 6
_LEAST_LEGAL_CHARS = 120
_NOTICE = re.compile(
    r"^[\W_]*(?:caution|warning|external(?: e-?mail| sender)?|attention|aten[çc][ãa]o|cuidado|externo|"
    r"atenci[óo]n|achtung|vorsicht|extern(?:e e-?mail)?|attenzione|let op|you don'?t often get email from)\b",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"outside (?:of )?(?:the |your |our )?|external (?:sender|source|e-?mail)|"
    r"fora da (?:organiza|empresa)|remetente externo|origem externa|externo à|fuera de (?:la|su|nuestra) |"
    r"extérieur|externe[nrs]? (?:absender|e-?mail)|außerhalb|esterno|buiten (?:de|uw|onze) |"
    r"why this is important|learn why|unless you recogni[sz]e",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"mailing list\b|mailman/listinfo|to unsubscribe|you received this message because|lista de discussão|"
    r"para cancelar (?:a|sua) inscrição|darse de baja|se désabonner|abmelden",
    re.IGNORECASE,
)
_RULE = "_-*=–—~ \t\u00a0"


def is_signature_mark(text: str) -> bool:
    """The line `-- ` (RFC 3676 section 4.3) and what people make of it."""
    return text.strip() in ("--", "—", "– –", "---- ", "__") and not text.startswith("---")


def is_sent_from(text: str) -> bool:
    """`Sent from my iPhone`, `Enviado do meu iPhone`: a line a telephone writes, and no sentence of a
    person.
    """
    if len(text) > _SEEN:
        return False
    bare = _without_link(text.strip(_EDGES)).strip(_EDGES).rstrip(".!").strip()
    if _OTHERS.match(bare) or _GET_OUTLOOK.match(bare):
        return len(bare.split()) <= 10
    said, _, excuse = bare.replace(". ", ", ").partition(", ")
    if excuse and not _EXCUSE.search(excuse):
        return False
    found = _SENT_FROM.match(said)
    if found:
        return _is_device(said[found.end() :].partition("(")[0])
    return said.lower().endswith(_SENT_LAST) and _is_device(said)


def _without_link(text: str) -> str:
    return text.partition("<")[0].partition("http")[0]


def _is_device(words: str) -> bool:
    plain = len(words.split()) <= 6 and not any(mark in words for mark in ",;:!?")
    return plain and len(words) <= 80 and bool(_DEVICES.search(words.strip()))


def is_disclaimer(text: str) -> bool:
    """A legal notice, a paragraph of it or all: long, and with several of the words that lawyers use."""
    if _SCANNED.search(text[:_SEEN]):
        return True
    if len(text) < _LEAST_LEGAL_CHARS:
        return False
    lower = text[:3_000].lower()
    found = sum(word in lower for word in _LEGAL)
    return found >= min(max(_LEAST_LEGAL, len(lower) // 150), _ENOUGH_LEGAL)


def is_notice_heading(text: str) -> bool:
    """`Disclaimer`, alone on its line."""
    return len(text) < 60 and text.strip(_EDGES + ":").lower() in _HEADINGS


def is_banner(text: str) -> bool:
    """`CAUTION: This email originated outside of …`, which a mail server writes above a letter."""
    return len(text) <= 600 and bool(_NOTICE.match(text)) and bool(_OUTSIDE.search(text))


def is_list_footer(lines: Sequence[str]) -> bool:
    """A drawn line and below it, to the end, what a mailing list says of itself."""
    if len(lines[0]) < 5 or lines[0][:_SEEN].strip(_RULE):
        return False
    filled = [line for line in lines[1:12] if line.strip()]
    return 0 < len(filled) <= 6 and any(_LIST.search(line[:_SEEN]) for line in filled[:3])
