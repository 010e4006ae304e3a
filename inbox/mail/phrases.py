"""What mail programs write around a quote, by language. Words only: `markers` and `signatures` decide.

Everything is lower case, with straight apostrophes and without dashes, colons or dots at its ends. To teach a
language or a program: add its words to the lists it lacks, and a mail to `tests/mail/test_quotes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

# ---------------------------------------------------------------- `On … wrote:`

# Words that say that somebody wrote. They need not stand alone: `napsal(a)`, `님이 작성:`.
WROTE: Mapping[str, tuple[str, ...]] = {
    "en": ("wrote", "writes"),
    "pt": ("escreveu", "escreveram"),
    "es": ("escribió", "escribio"),
    "fr": ("a écrit", "ecrit", "a =c3=a9crit"),
    "de": ("schrieb",),
    "it": ("ha scritto",),
    "nl": ("schreef", "geschreven"),
    "pl": ("napisał", "pisze"),
    "sv da no": ("skrev",),
    "fi": ("kirjoitti",),
    "cs": ("napsal",),
    "sk": ("napísal",),
    "hr sl": ("napisao", "napisala je", "je napisal"),
    "ro": ("a scris",),
    "hu": ("írta",),
    "tr": ("yazdı",),
    "ru": ("написал", "пишет"),
    "uk": ("пише", "написав"),
    "bg": ("написа",),
    "el": ("έγραψε",),
    "ca": ("va escriure",),
    "vi": ("đã viết",),
    "id": ("menulis",),
    "ja": ("書きました", "のメール"),
    "zh": ("写道", "寫道"),
    "ko": ("님이 작성", "작성했습니다", "님이 씀"),
    "he": ("כתב",),
    "ar": ("كتب",),
}
# What may stand before the date.
BEFORE_DATE = """on at em no na dia el la le am il op den dne dňa dnia w vào în på kl kello a às pe data στις
    ngày в у 在 az pada dana"""
# Days as they are written before a date; longer forms begin the same.
DAYS: Mapping[str, str] = {
    "en": "mon tue wed thu fri sat sun",
    "pt": "seg ter qua qui sex sáb sab dom",
    "es": "lun mar mié mie jue vie",
    "fr": "mer jeu ven sam dim",
    "de": "mo di mi do fr sa so",
    "it": "gio mart merc giov ven",
    "nl": "ma di wo do vr za zo",
    "pl": "pon wt śr czw pt sob nd niedz",
    "sv": "mån tis ons tor fre lör sön",
    "da no": "man tir ons tor fre lør søn",
    "fi": "ma ti ke to pe la su",
    "cs": "po út st čt pá so ne",
    "ro": "joi vin sâm dum",
    "hu": "hét ked sze csüt pén szo vas",
    "tr": "pzt sal çar per cum cmt paz",
    "ru uk": "пн вт ср чт пт сб вс нд пон вто сре чет пят суб вос неділ субот",
    "el": "δευ τρί τετ πέμ παρ σάβ κυρ",
}

# ---------------------------------------------------------------- whole lines

# `-----Original Message-----`: below it stands what is answered.
ORIGINAL: Mapping[str, tuple[str, ...]] = {
    "en": ("original message", "reply message", "original appointment", "original e-mail", "original email"),
    "pt": ("mensagem original", "mensagem anterior", "compromisso original", "e-mail original"),
    "es": ("mensaje original", "mensaje anterior", "cita original"),
    "fr": ("message d'origine", "message original", "message initial"),
    "de": (
        "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "ursprüngliche e-mail",
        "antwort nachricht", "ursprünglicher termin",
    ),
    "it": ("messaggio originale", "messaggio originario"),
    "nl": ("oorspronkelijk bericht", "origineel bericht", "oorspronkelijke afspraak"),
    "pl": ("wiadomość oryginalna", "oryginalna wiadomość", "treść oryginalnej wiadomości"),
    "sv": ("ursprungligt meddelande", "originalmeddelande", "ursprungsmeddelande"),
    "no": ("opprinnelig melding", "original melding"),
    "da": ("oprindelig meddelelse", "oprindelig besked", "original besked"),
    "fi": ("alkuperäinen viesti",),
    "cs": ("původní zpráva", "původní e-mail"),
    "sk": ("pôvodná správa",),
    "hr": ("izvorna poruka", "originalna poruka"),
    "ro": ("mesaj original", "mesajul original", "mesaj inițial"),
    "hu": ("eredeti üzenet",),
    "tr": ("orijinal ileti", "orijinal mesaj", "özgün ileti"),
    "ru": ("исходное сообщение", "оригинальное сообщение", "пересланное исходное сообщение"),
    "uk": ("оригінальне повідомлення",),
    "el": ("αρχικό μήνυμα",),
    "ca": ("missatge original",),
    "ja": ("元のメッセージ", "original message(元のメッセージ)"),
    "zh": ("原始邮件", "原始郵件", "原始訊息"),
    "ko": ("원본 메시지", "원본 메일"),
}  # fmt: skip
# `---------- Forwarded message ---------`: below it stands what the sender wants us to read.
FORWARDED: Mapping[str, tuple[str, ...]] = {
    "en": ("forwarded message", "begin forwarded message", "fwd message", "forwarded mail", "forwarded by"),
    "pt": (
        "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada",
        "início da mensagem reencaminhada", "e-mail encaminhado", "encaminhado por",
    ),
    "es": (
        "mensaje reenviado", "inicio del mensaje reenviado", "mensaje reenviado por", "reenviado por",
        "correo reenviado",
    ),
    "fr": (
        "message transféré", "début du message transféré", "début du message réexpédié", "message transmis",
        "message réexpédié", "transféré par",
    ),
    "de": (
        "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht", "weitergeleitete mail",
        "weitergeleitete e-mail", "anfang der weitergeleiteten e-mail", "weitergeleitet von",
    ),
    "it": ("messaggio inoltrato", "inizio messaggio inoltrato", "inoltrato da"),
    "nl": ("doorgestuurd bericht", "begin doorgestuurd bericht", "doorgestuurd door"),
    "pl": (
        "przekazana wiadomość", "wiadomość przekazana dalej", "początek przekazywanej wiadomości",
        "treść przekazanej wiadomości",
    ),
    "sv": ("vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mejl"),
    "no": ("videresendt melding", "begynn videresendt melding", "videresendt e-post"),
    "da": ("videresendt meddelelse", "videresendt besked", "start på videresendt besked"),
    "fi": ("välitetty viesti", "välitetty viesti alkaa", "edelleenlähetetty viesti"),
    "cs": ("přeposlaná zpráva", "předaná zpráva", "začátek přeposlané zprávy"),
    "sk": ("preposlaná správa",),
    "ro": ("mesaj redirecționat", "mesajul redirecționat", "început mesaj redirecționat"),
    "hu": ("továbbított üzenet", "továbbított levél"),
    "tr": ("iletilen mesaj", "yönlendirilen ileti", "iletilmiş mesaj", "i̇letilen mesaj"),
    "ru": ("пересылаемое сообщение", "пересланное сообщение", "начало переадресованного сообщения"),
    "uk": ("переслане повідомлення", "початок листа, що пересилається"),
    "el": ("προωθημένο μήνυμα",),
    "ca": ("missatge reenviat",),
    "ja": ("転送メッセージ", "転送されたメッセージ", "forwarded message(転送メッセージ)"),
    "zh": ("转发的邮件", "轉寄的郵件", "转发邮件信息", "转发的信息", "被转发的邮件"),
    "ko": ("전달된 메시지", "전달된 메일"),
}  # fmt: skip
# `##- Please type your reply above this line -##`, which other helpdesks put on top of what they send.
REPLY_ABOVE: Mapping[str, tuple[str, ...]] = {
    "en": (
        "type your reply above this line", "reply above this line", "write above this line",
        "respond above this line", "add your reply above", "reply above this text",
        "do not write below this line", "do not reply below this line",
    ),
    "pt": (
        "acima desta linha", "acima dessa linha", "não escreva abaixo desta linha",
        "não responda abaixo desta linha",
    ),
    "es": (
        "por encima de esta línea", "encima de esta línea", "arriba de esta línea", "sobre esta línea",
    ),
    "fr": ("au-dessus de cette ligne", "au dessus de cette ligne"),
    "de": ("oberhalb dieser zeile", "über dieser zeile", "oberhalb dieser linie", "über dieser linie"),
    "it": ("sopra questa riga", "sopra questa linea", "al di sopra di questa riga"),
    "nl": ("boven deze regel", "boven deze lijn"),
    "pl": ("powyżej tej linii",),
    "sv": ("ovanför den här raden", "ovanför denna rad"),
    "da no": ("over denne linje", "over denne linjen", "over denne linie"),
    "ru": ("выше этой строки", "над этой строкой"),
    "ja": ("この行より上",),
    "zh": ("在此行上方", "在此線之上"),
}  # fmt: skip

# ---------------------------------------------------------------- quoted headers

# `From:` and its kin in every language; a word of several blanks is joined by `_`.
LABELS: Mapping[str, str] = {
    "from": """from de von da van fra från od expéditeur remitente mittente afzender feladó lähettäjä
        kimden gönderen от від από de_la от_кого 发件人 寄件者 寄件人 差出人 보낸_사람 보낸사람 từ""",
    "date": """sent date enviado enviada data fecha envoyé envoyée gesendet datum inviato verzonden sendt
        skickat dato wysłano odesláno отправлено дата lähetetty päivämäärä päiväys tarih gönderilme_tarihi
        gönderme gönderildi trimis надіслано ημερομηνία στάλθηκε dátum elküldve küldve odoslané poslano
        enviado_em enviada_em enviado_el data_de_envio sent_on date_sent envoyé_le gesendet_am
        fecha_de_envío data/hora fecha/hora date/time 发送时间 发送日期 日期 寄件日期 送信日時 日時 送信日
        날짜 보낸_날짜 보낸날짜 ngày""",
    "to": """to para à an a aan til till do кому vastaanottaja kime destinatario destinatário destinataire
        empfänger pour komu către către: címzett προς alıcı 收件人 宛先 받는_사람 받는사람 đến""",
    "subject": """subject assunto asunto objet betreff oggetto onderwerp emne ämne temat тема aihe konu
        sujet předmět predmet subiect tárgy θέμα assumpte 主题 主旨 標題 件名 제목 chủ_đề""",
    "cc": """cc c.c kopie copia cópia copie kopia kopi kopio dw копия копія bcc cco cci reply-to
        responder_a responder_para antwort_an répondre_à rispondi_a kopie_an importance importância
        importancia priority prioridade wichtigkeit anexos attachments adjuntos anlagen organization
        organização categories reply_to 抄送 副本 참조""",
}
# Fields of a form that a website sends: then the header-like lines above them are the form's own.
FORM_FIELDS = """message mensagem mensaje nachricht messaggio bericht comment comments comentário comentários
    comentario comentarios phone telefone teléfono telefono telefon téléphone name nome nombre nom company
    empresa company_name cpf cnpj city cidade product produto order pedido"""

# ---------------------------------------------------------------- subjects

# What stands before the subject of a forwarded mail, without its colon.
FORWARD_PREFIXES = """fwd fw enc encam encaminhado encaminhada rv reenv renv rm tr wg weiterl i doorst vb
    vl pd tov továbbítás ilt i̇lt πρθ προθ пересл 转发 轉寄 转 転送 전달"""
# A word or two above a forwarded mail, where the program wrote no mark of its own.
FOR_YOUR_INFORMATION = (
    "fyi", "for your information", "see below", "below", "forwarding", "forwarded", "passing this on",
    "abaixo", "encaminho", "encaminhando", "repasso", "repassando", "para conhecimento", "p/ conhecimento",
    "ver abajo", "más abajo", "reenvío", "reenvio", "para su información", "para tu información",
    "ci-dessous", "pour info", "pour information", "je transfère", "je vous transfère", "siehe unten",
    "zur info", "zur information", "zur kenntnis", "z.k", "weiterleitung", "vedi sotto", "qui sotto",
    "inoltro", "per conoscenza", "per tua informazione", "zie onder", "zie hieronder", "ter info",
    "ter informatie", "se nedan", "för kännedom", "se nedenfor", "til orientering", "til info",
    "tiedoksi", "poniżej", "do wiadomości", "viz níže", "см. ниже", "ниже", "para sua informação",
)  # fmt: skip
