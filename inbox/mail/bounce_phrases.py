"""What mail systems say when they could not deliver, by language: parts of regular expressions, lower case.

`bounce_text` reads them, and only in mail that a mail system wrote.
"""

from __future__ import annotations

from collections.abc import Mapping

# One of these stands in every report of a failure or a delay.
OPENINGS: Mapping[str, str] = {
    "en": r"qmail-send program|(?:could not|couldn.t|cannot|can.t|not) be delivered|"
    r"w(?:as|ere)(?:n.t| not) delivered|unable to deliver|undeliver(?:ed|able)|permanent (?:fatal )?error|"
    r"failed permanently|delivery (?:has )?failed|delivery to the following|delivery failure|did not reach|"
    r"cannot be reached|address (?:was )?not found|address couldn.t be found|wasn.t found at|"
    r"message (?:was |has been )?(?:returned|rejected|blocked)|returned to sender|had transient|"
    r"not yet been delivered|(?:delivery|message) (?:is |was |has been )?delayed|delayed mail|"
    r"mailbox (?:is )?full|over quota|quota exceeded|failed (?:recipients|addresses)|intended recipient|"
    r"(?:not|wasn.t|weren.t) able to deliver|(?:could not|couldn.t|not) deliver(?:ed)?\b|mail failed|"
    r"error-for:|no (?:such|valid) (?:user|recipient)|user unknown|unknown user|invalid final delivery|"
    r"encountered delivery problems|mailbox here by that name|not accepting mail|is unavailable: user",
    "pt": r"não (?:pôde|pode|foi possível) (?:ser )?entreg|não foi entregue|falha na entrega|não entregue|"
    r"não (?:chegou|alcançou)|endereço não encontrado|não foi (?:encontrad|localizad|enviad)|devolvid[ao]|"
    r"entrega .{0,30}falhou|ainda não foi entregue",
    "es": r"no se (?:ha )?(?:pudo|puede|podido) entregar|error (?:de|en la) entrega|no se (?:ha )?entreg|"
    r"no (?:llegó|ha llegado)|no se encontró|dirección no encontrada",
    "fr": r"n.a pas (?:pu )?(?:[êe]tre|été) (?:remis|distribué|d[ée]livr[ée]|livré)|échec de la remise|"
    r"introuvable|impossible de (?:remettre|distribuer)",
    "de": r"(?:konnte )?nicht zugestellt|unzustellbar|fehler bei der (?:zustellung|nachrichtenzustellung)|"
    r"nicht erreicht|wurde nicht gefunden|adresse nicht gefunden",
    "it": r"impossibile (?:recapitare|consegnare)|non è stato (?:recapitato|consegnato|possibile)|"
    r"mancat[oa] (?:recapito|consegna)|recapito non riuscito|indirizzo non trovato",
    "nl": r"kan niet worden (?:bezorgd|afgeleverd)|niet (?:worden )?bezorgd|onbestelbaar|adres niet gevonden",
    "pl": r"nie (?:można|mogła|została|udało się).{0,20}dostarcz|niedostarczon|nie znaleziono adresu",
    "sv": r"kunde inte levereras|kunde inte nå",
    "da no": r"kunne ikke leveres|ble ikke levert|blev ikke leveret",
    "fi": r"ei voitu toimittaa|toimitus epäonnistui",
    "cs": r"nelze doručit|nebyla doručena",
    "ro": r"nu a (?:putut fi|fost) livrat",
    "hu": r"nem kézbesíthető|nem sikerült kézbesíteni",
    "tr": r"teslim edilemedi",
    "ru uk": r"не (?:удалось|может быть|было|вдалося).{0,20}доставл|не доставлено|недоставлен|"
    r"адрес не найден",
    "el": r"δεν ήταν δυνατή η παράδοση|δεν παραδόθηκε",
    "ja": r"配信できません|配信不能|届きません|配信されませんでした",
    "zh": r"无法(?:送达|投递|发送)|無法(?:送達|投遞|傳送)|退信|未送达",
    "ko": r"전달되지|배달되지|전송하지 못했습니다",
}
# The system has not given up: `delayed` where nothing sounds final, `surely` whatever else it says.
DELAYED: Mapping[str, str] = {
    "en": r"delay|still being retried|(?:be |keep |continue )(?:re)?try",
    "pt es": r"ainda não|atrasad|continuar(?:á|emos) tentando|retrasad",
    "fr it": r"retardé|différé|ritardat",
    "de nl": r"verzöger|vertraagd",
    "pl": r"opóźni",
    "sv da no": r"försenad|forsinke",
    "ru": r"задерж|отлож",
}
SURELY_DELAYED = (
    r"warning message only|no action is required|do not need to resend|not yet been delivered|"
    r"(?:is|was|has been) delayed|ainda não foi entregue"
)
FINAL = (
    r"permanent|giving up|given up|failed|rejected|does not exist|unknown|couldn.t be found|"
    r"(?<![\d.])5\d\d[ -]|(?<![\d.])5\.\d{1,3}\.\d{1,3}"
)
# Lines that begin with this open what is returned: addresses below are not whom we look for.
RETURNED: Mapping[str, str] = {
    "en": r"below this line is a copy|this is a copy of|-*copy of (?:the )?message|original message\b|"
    r"(?:message )?headers? follow|original message follow|unsent message follows|returned message|"
    r"the header of the original|header of original|transcript of session|message text follows|"
    r"diagnostic information for administrators|received: from |return-path: ?<",
    "pt": r"mensagem original|cabeçalhos? (?:da mensagem|originais)|"
    r"informações de diagnóstico para (?:os )?administradores",
    "es": r"mensaje original|encabezados (?:originales|de)|información de diagnóstico para",
    "fr": r"message d.origine|message original|en-têtes|informations de diagnostic pour",
    "de": r"ursprüngliche|diagnoseinformationen für",
    "it": r"messaggio originale|intestazioni|informazioni di diagnostica per",
    "nl": r"oorspronkelijk|berichtkop|diagnostische gegevens voor",
}
# `Your message to ada@example.org couldn't be delivered`: what stands before an address in a sentence.
BEFORE_ADDRESS: Mapping[str, str] = {
    "en": r"message (?:to|for)|delivered to|deliver(?:y)? (?:your message |mail |the message )?to|"
    r"delivery for|failed for|address|addressed to|generated from|rcpt to|local mailbox|mailbox is full",
    "pt": r"mensagem (?:para|a)|entregue (?:a|para|em)|entregar (?:a|para)|endereço",
    "es": r"mensaje (?:a|para)|entregado a|entregar a|dirección",
    "fr": r"message (?:à|a|destiné à)|remis à|adresse",
    "de": r"nachricht an|zustellung an",
    "it": r"messaggio (?:a|per)|recapitato a|indirizzo",
    "nl": r"bericht (?:aan|voor)|adres",
    "pl": r"wiadomość do",
    "sv": r"meddelande till",
    "ru": r"сообщение для",
}
# The recipients come below this line.
LIST_BEGINS = r"(?:did not reach|delivered to|delivery to) the following (?:recipient|address)"
# `Recipient: ada@example.org`
LABELS = (
    r"(?:failed |final |original |intended )?recipients?|(?:undeliverable |failed )address|unknown user|"
    r"error-for|invalid final delivery userid|delivery failed \d{1,3} attempts|to|address|e-?mail|mailbox|"
    r"user|for|para|destinatários?|destinatario|destinataire|an|empfänger|à|aan|do|till|til"
)
