"""What programs say when they answer for people, by language: parts of regular expressions, lower case.

`away` reads them, and asks for two of them before it believes one.
"""

from __future__ import annotations

from collections.abc import Mapping

# A subject that only a program writes: alone, or before a colon or a dash.
SUBJECTS: Mapping[str, str] = {
    "en": r"auto(?:matic(?:ally)?|mated)?[- ]?(?:repl(?:y|ied)|respon(?:se|der)|answer|"
    r"generated)(?: message)?|"
    r"vacation (?:reply|response|message|notice)|out[- ]of[- ](?:the )?office(?: auto-?reply| reply|"
    r" message| "
    r"notification| notice| response)?|away from (?:the office|my mail)|ooo",
    "pt": r"(?:resposta|mensagem|retorno|e-?mail) autom[áa]tic[ao]|auto[- ]?resposta|"
    r"resposta de aus[êe]ncia|"
    r"aviso de (?:f[ée]rias|aus[êe]ncia)|(?:ausente|fora) do escrit[óo]rio|aus[êe]ncia tempor[áa]ria|"
    r"(?:estou|estarei) (?:de|em) f[ée]rias",
    "es": r"respuesta autom[áa]tica|mensaje autom[áa]tico|auto-?respuesta|fuera de (?:la )?oficina|"
    r"ausente de la oficina|aviso de (?:ausencia|vacaciones)|contestaci[óo]n autom[áa]tica",
    "fr": r"r[ée]ponse automatique|message (?:automatique|d.absence)|absence du bureau|"
    r"absent(?:e)? du bureau|"
    r"absen(?:ce|t(?:e)?)|notification d.absence",
    "de": r"automatische antwort|abwesenheits(?:notiz|assistent|meldung|agent|benachrichtigung)|"
    r"(?:nicht im|außer) haus|autom(?:atische)?\.? antwort|urlaubsmeldung",
    "it": r"risposta automatica|messaggio automatico|fuori (?:sede|ufficio)|assenza dall.ufficio|"
    r"assente dall.ufficio|avviso di assenza",
    "nl": r"automatisch(?:e)? (?:antwoord|beantwoording|bericht)|afwezig(?:heid(?:sbericht|smelding)?)?|"
    r"niet aanwezig",
    "pl": r"automatyczna odpowied[źz]|odpowied[źz] automatyczna|autoodpowied[źz]|poza biurem|"
    r"nieobecno[śs][ćc](?: w biurze)?",
    "sv": r"autosvar|automatiskt svar|fr[åa]nvaro(?:meddelande)?|inte p[åa] kontoret",
    "da": r"automatisk svar|autosvar|ikke til stede|frav[æa]r(?:sbesked)?",
    "no": r"automatisk svar|frav[æa]rsmelding|ikke på kontoret|frav[æa]rsassistent",
    "fi": r"automaattinen vastaus|poissa (?:toimistosta|töistä)|lomavastaus|poissaoloilmoitus",
    "cs": r"automatick[áa] odpov[ěe][ďd]|mimo kancel[áa][řr]|nep[řr][íi]tomnost",
    "sk": r"automatick[áa] odpove[ďd]|mimo kancel[áa]rie|nepr[íi]tomnos[ťt]",
    "ro": r"r[ăa]spuns automat|absent de la birou|[îi]n afara biroului|absen[țt][ăa]",
    "hu": r"automatikus v[áa]lasz|h[áa]zon k[íi]v[üu]l|t[áa]voll[ée]ti? [üu]zenet",
    "tr": r"otomatik (?:yan[ıi]t|cevap)|ofis d[ıi][şs][ıi]nda(?:y[ıi]m)?",
    "ru": r"автоматический ответ|автоответ(?:чик)?|нет на месте|вне офиса|отсутстви[ея]",
    "uk": r"автоматична відповідь|автовідповідь|поза офісом",
    "el": r"αυτόματη απάντηση|εκτός γραφείου",
    "hr sl": r"automatski odgovor|samodejni odgovor|izvan ureda",
    "bg": r"автоматичен отговор|извън офиса",
    "ca": r"resposta automàtica|fora de l.oficina",
    "ja": r"自動(?:応答|返信)|不在(?:通知|のお知らせ|連絡)",
    "zh": r"自动(?:回复|答复)|自動(?:回覆|回復|答覆)|外出|不在办公室|休假(?:自动)?(?:回复)?",
    "ko": r"자동 ?(?:회신|응답|답장)|부재 ?중(?: 알림)?",
    "he": r"תשובה אוטומטית|מחוץ למשרד",
    "ar": r"رد تلقائي|خارج المكتب",
}
# `I am out of the office`: the first person, or nobody at all.
ABSENT: Mapping[str, str] = {
    "en": r"(?:i am|i'm|i will be|i'll be|currently) (?:currently |now |presently |unfortunately )?"
    r"(?:out of (?:the )?office|away (?:from|on|until)|on (?:annual |parental |maternity |paternity |"
    r"sick )?"
    r"(?:leave|vacation|holidays?)|travelling|unavailable|out (?:until|from|on))|"
    r"our office(?:s)? (?:is|are|will be) closed",
    "pt": r"(?:estou|estarei|encontro-me|me encontro|estamos|estaremos) (?:no momento |atualmente |)?"
    r"(?:fora do escrit[óo]rio|ausente|(?:de|em) f[ée]rias|em viagem|(?:de|em) licen[çc]a|afastad[oa]|"
    r"fora da empresa|em recesso)",
    "es": r"(?:estoy|estar[ée]|me encuentro|me encontrar[ée]|estamos|estaremos) (?:actualmente |)?"
    r"(?:fuera de (?:la )?oficina|ausente|de (?:vacaciones|baja|viaje|licencia)|en vacaciones)",
    "fr": r"je (?:suis|serai) (?:actuellement |momentanément )?(?:absente?|en (?:congés?|vacances|"
    r"déplacement)|"
    r"hors du bureau)",
    "de": r"ich bin (?:derzeit |zurzeit |zur zeit |momentan |aktuell |bis |vom |ab |in der zeit |"
    r"leider |am )?"
    r".{0,60}?(?:nicht im (?:büro|haus)|außer haus|im urlaub|abwesend|in elternzeit|nicht erreichbar)|"
    r"befinde ich mich .{0,30}urlaub",
    "it": r"(?:sono|sarò) (?:attualmente |)?(?:fuori (?:ufficio|sede)|assente|in (?:ferie|vacanza|"
    r"congedo))",
    "nl": r"ik ben (?:momenteel |op dit moment |tot |van |)?.{0,40}?(?:afwezig|niet aanwezig|"
    r"met (?:vakantie|"
    r"verlof)|op vakantie|niet op kantoor)",
    "pl": r"(?:jestem|będę|przebywam) (?:obecnie |aktualnie )?(?:poza biurem|nieobecn[ya]|na urlopie)",
    "sv": r"jag är (?:för närvarande |)?(?:inte på kontoret|på semester|borta|frånvarande|ledig|"
    r"tjänstledig)",
    "da no": r"jeg (?:er|har|holder) (?:for tiden |for øyeblikket |i øjeblikket |)?(?:ikke på kontoret|"
    r"på ferie|"
    r"ferie|fraværende|bortreist|ude af kontoret)",
    "fi": r"olen (?:tällä hetkellä |)?(?:poissa|lomalla|vapaalla)",
    "cs sk": r"(?:jsem|budu|som|budem) (?:momentálně |momentálne )?(?:mimo kancel[áa][řr]|na dovolen|"
    r"nepřítom)",
    "ro": r"(?:sunt|voi fi) (?:momentan |)?(?:plecat|în concediu|absent|în afara biroului)",
    "hu": r"(?:szabadságon (?:vagyok|leszek)|házon kívül (?:vagyok|leszek)|nem vagyok elérhető)",
    "tr": r"(?:ofis dışındayım|izindeyim|yıllık izin|ofiste (?:değilim|olmayacağım))",
    "ru": r"(?:я |)(?:нахожусь|буду|сейчас) (?:в отпуске|вне офиса|отсутств|в командировке)|меня не будет",
    "uk": r"(?:я |)(?:перебуваю|буду|зараз) (?:у відпустці|в відпустці|поза офісом|відсутн)",
    "el": r"(?:βρίσκομαι|θα είμαι|είμαι) (?:εκτός γραφείου|σε άδεια|με άδεια)",
    "ja": r"(?:不在|休暇|出張)(?:にして|中|の?ため|を)",
    "zh": r"(?:我)?(?:目前|现在|現在|正在|将)?(?:不在办公室|不在辦公室|休假|外出|出差)",
    "ko": r"(?:부재|휴가|출장) ?중",
}
# What such a notice says besides, and a person who asks for something does not: that mail is read late, who
# helps in urgent cases, thanks for the mail it answers.
BESIDES: Mapping[str, str] = {
    "en": r"limited (?:access|e-?mail)|no access to (?:my )?e-?mail|"
    r"\bi(?:'ll| will| shall) (?:\w+ ){0,4}(?:reply|respond|answer|get back)|"
    r"thank(?:s| you) for your (?:e-?mail|message|mail)|your (?:e-?mail|message|mail) will|"
    r"(?:if|for|in).{0,40}(?:urgent|emergenc|immediate).{0,80}(?:contact|call|e-?mail|reach|@)",
    "pt": r"acesso (?:limitado|restrito)|sem acesso ao (?:meu )?e-?mail|responderei|"
    r"retornarei (?:o |os |a |as |ao |seu |sua )?(?:contato|e-?mail|mensag)|"
    r"obrigad[oa] (?:pelo|por) (?:seu |sua )?(?:e-?mail|contato|mensagem)|"
    r"(?:caso|casos) (?:de )?urg|assuntos? urgentes?|urgências",
    "es": r"acceso limitado|responder[ée]|gracias por (?:su|tu) (?:correo|mensaje|e-?mail)|"
    r"casos? (?:de )?urgen|asuntos? urgentes?",
    "fr": r"accès limité|je (?:vous )?répondrai|merci (?:de|pour) votre (?:e-?mail|mail|message|courriel)|"
    r"(?:cas d'|toute |les )urgences?|demandes? urgentes?",
    "de": r"(?:eingeschränkt|kein|begrenzt)e?n? (?:zugriff|zugang)|nach meiner rückkehr (?:beantworten|"
    r"melden)|"
    r"(?:vielen )?dank für (?:ihre|deine) (?:e-?mail|nachricht|mail)|nicht weitergeleitet|"
    r"dringende[nr]? (?:fällen?|angelegenheiten|anliegen|fragen)",
    "it": r"accesso limitato|risponder[òo]|grazie per (?:la (?:sua|tua) )?(?:e-?mail|mail|messaggio)|"
    r"caso di urgenz|urgenze|(?:questioni|comunicazioni) urgenti",
    "nl": r"beperkt(?:e)? toegang|bedankt voor (?:uw|je) (?:e-?mail|mail|bericht)|"
    r"(?:dringende|spoedeisende) (?:gevallen|zaken|vragen)|spoedgevallen",
    "pl": r"ograniczony dostęp|odpowiem|dziękuję za (?:wiadomość|e-?mail)|pilnych|w pilnej",
    "sv": r"begränsad|svarar (?:på|när)|tack för ditt (?:mejl|mail|meddelande)|brådskande ärende",
    "da no": r"begrenset (?:tilgang|adgang)|begrænset adgang|svarer (?:på|når)|tak for din (?:mail|besked)|"
    r"takk for (?:din )?(?:e-?post|mail)|haste(?:saker|sager|r det)|hastende",
    "fi": r"kiireellis|vastaan (?:viest|sähköpost)|kiitos viesti",
    "cs sk": r"omezen|odpovím|odpoviem|děkuji za (?:váš|vaši)|ďakujem za (?:váš|vašu)|naléhav|naliehav",
    "ro": r"acces limitat|voi răspunde|mulțumesc pentru (?:mesaj|e-?mail)|urgențe|cazuri urgente",
    "hu": r"sürgős (?:ese|ügy)|válaszol|köszönöm (?:a )?(?:level|üzenet|e-?mail)",
    "tr": r"acil (?:durum|konu)|yanıtla|e-?postanız için",
    "ru uk": r"срочны[мх]|отвечу|спасибо за (?:ваше )?(?:письмо|сообщение)|ограничен.{0,10}доступ|"
    r"терміновi|відповім|дякую за (?:ваш )?лист",
    "el": r"επείγον|θα απαντήσω|ευχαριστώ για το (?:μήνυμα|e-?mail)",
    "ja": r"お急ぎの(?:場合|方|際)|緊急の(?:場合|際)|返信(?:が遅|いたし|させて)|メール.{0,4}ありがとう",
    "zh": r"(?:紧急|緊急)(?:事|情况|情況|事宜)|(?:尽快|儘快|返回后|回来后).{0,6}(?:回复|回覆)|"
    r"感[谢謝]您的(?:来信|邮件)",
    "ko": r"급한 ?(?:용무|일|사항)|긴급|(?:회신|답장).{0,6}(?:드리|하)",
}
# A sentence in which a program speaks of itself.
MACHINE: Mapping[str, str] = {
    "en": r"this is an? (?:auto(?:matic|mated|-generated|matically generated)|system[- ]generated) "
    r"(?:e-?mail|message|reply|response|notification|acknowledge?ment|answer)|"
    r"this (?:e-?mail|message|mail) (?:was|is|has been) (?:sent )?(?:auto(?:matically|-)|system[- ])",
    "pt": r"(?:esta|essa) é uma (?:mensagem|resposta|notificação) automática|"
    r"(?:este|esse) (?:é um )?e-?mail (?:é automático|automático|foi (?:enviado|gerado) automaticamente)|"
    r"mensagem (?:enviada|gerada) automaticamente|e-?mail automático, (?:favor|por favor)",
    "es": r"(?:este|esta) es (?:un|una) (?:mensaje|correo|respuesta|notificación)(?: electrónico)? "
    r"automátic[oa]|mensaje generado automáticamente",
    "fr": r"ceci est (?:un|une) (?:message|réponse|e-?mail|courriel|notification) automatique|"
    r"(?:ce|cet) (?:message|e-?mail|courriel) (?:est|a été) (?:généré|envoyé) automatiquement",
    "de": r"(?:dies|das|dieses) ist eine automati(?:sche|sch generierte|sch erstellte|sierte) "
    r"(?:antwort|nachricht|e-?mail|mail)|diese (?:e-?mail|nachricht|mail) wurde automatisch",
    "it": r"questo è un messaggio automatico|(?:messaggio|e-?mail) generat[oa] automaticamente",
    "nl": r"dit is een (?:automatisch(?:e)?|geautomatiseerd(?:e)?) (?:bericht|antwoord|e-?mail|mail)",
    "pl": r"(?:to jest|ta) (?:automatyczna )?(?:wiadomość|odpowiedź) (?:została )?(?:wygenerowana )?"
    r"automatyczn",
    "sv da no": r"det(?:ta|te) (?:är|er) e(?:tt|t|n) automatiskt? (?:svar|gener(?:er|eret|ert|erat))",
    "ru": r"это автоматическ(?:ое|ий) (?:сообщение|ответ|письмо)",
    "ja": r"自動(?:送信|返信|配信)(?:メール|されて|により|にて)",
    "zh": r"(?:此|本)(?:邮件|郵件)(?:为|為|由)?(?:系统|系統)?自[动動]",
}
# A ticket system acknowledges: `We have received your request, its number is 4711, we will get back to you.`
RECEIVED = (
    r"(?:we've|we have|have|we) (?:just |successfully )?received your|"
    r"(?:ticket|request|case|inquiry|enquiry|message) (?:has been|was) (?:successfully )?"
    r"(?:received|logged|created|registered|opened)|"
    r"thank(?:s| you) for (?:contacting|reaching out|getting in touch)|"
    r"recebemos (?:a |o )?s(?:ua|eu)|(?:chamado|solicitação|ticket|protocolo|atendimento) foi "
    r"(?:recebid|registrad|abert|criad)[ao]|obrigad[oa] (?:por|pelo) (?:entrar em|seu) contato|"
    r"hemos recibido (?:su|tu)|(?:caso|ticket|solicitud) ha sido (?:recibid|registrad|cread)[ao]|"
    r"(?:nous avons )?bien reçu votre|haben (?:wir )?(?:ihre|deine) .{0,30}erhalten|"
    r"abbiamo ricevuto (?:la |il )?(?:sua|tua|suo|tuo)|hebben (?:wij |we )?uw .{0,30}ontvangen"
)
NUMBERED = (
    r"(?:ticket|case|request|reference|incident|protocolo|chamado|solicitação|atendimento|solicitud|caso|"
    r"demande|dossier|anfrage|vorgang|richiesta|segnalazione|aanvraag|zaak)"
    r"(?: (?:number|id|no|nº|n°|número|numero|nummer|numéro))?\.?\s?(?:is |é |es )?[:#(\[ ]{0,4}"
    r"[a-z]{0,6}-?\d{3,20}"
)
PROMISED = (
    r"we(?: will|'ll) (?:\w+ )?(?:get back|respond|reply|review|be in touch|contact)|"
    r"will (?:\w+ )?(?:get back|respond|reply|be in touch) (?:to|with) you|retornaremos|responderemos|"
    r"entraremos em contato|nos pondremos en contacto|"
    r"nous (?:vous )?(?:répondrons|reviendrons|recontacterons)|werden (?:wir )?uns|melden uns|risponderemo|"
    r"nemen .{0,30}contact"
)
# `Read: …`, and what the text below it says.
RECEIPT_SUBJECT = (
    r"(?:not read|read|lida|lido|não lida|leído|no leído|gelesen|ungelesen|lu|non lu|letto|non letto|gelezen|"
    r"przeczytane|läst|lest|læst|luettu|прочитано)\s?:"
)
RECEIPT = (
    r"(?:was|were) (?:read|deleted)|foi (?:lid|exibid|excluíd)|se ha leíd|fue leíd|a été (?:lu|supprimé)|"
    r"wurde .{0,40}(?:gelesen|gelöscht)|è stat[oa] lett|is gelezen|została przeczytana|har lästs|ble lest|"
    r"прочитано"
)
# Local parts of addresses that nobody reads.
NOREPLY = (
    r"(?:no-?[_.]?reply|do-?[_.]?not-?[_.]?reply|n[aã]o-?[_.]?respond[ae]r?|no-?[_.]?respond[ae]r|"
    r"ne-?pas-?repondre|nicht-?antworten|noreply-.{1,40}|.{1,40}[-_.]noreply)@"
)
