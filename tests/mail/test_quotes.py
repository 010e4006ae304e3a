"""New text told from history and signature, in the languages and programs people use."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.mail.parse import parse
from inbox.mail.quotes import split, without_ours
from inbox.mail.quotes_html import split_html
from inbox.mail.report import strip_jsonl

HISTORY = [
    "Em seg., 9 de nov. de 2026 às 17:40, Loja <a@loja.example>\nescreveu:\n\n> Olá",
    "Em 9 de nov. de 2026, à(s) 17:40, Loja <a@loja.example> escreveu:\n\n> Olá",
    "On Mon, Nov 9, 2026 at 5:40 PM Shop <a@shop.example> wrote:\n\n> Hello",
    "On 9 Nov 2026, at 17:40, Shop <a@shop.example> wrote:\n\nHello without marks",
    "El lun, 9 nov 2026 a las 17:40, Tienda (<a@t.example>) escribió:\n\n> Hola",
    "Le lun. 9 nov. 2026 à 17:40, Boutique <a@b.example> a écrit :\n\n> Bonjour",
    "Am Mo., 9. Nov. 2026 um 17:40 Uhr schrieb Laden <a@l.example>:\n\n> Hallo",
    "Il giorno lun 9 nov 2026 alle ore 17:40 Negozio <a@n.example> ha scritto:\n\n> Ciao",
    "Op ma 9 nov. 2026 om 17:40 schreef Winkel <a@w.example>:\n\n> Hallo",
    '09.11.2026, 17:40, "Loja" <a@loja.example>:\n> Olá',
    "-----Mensagem original-----\nDe: Loja\nPara: Ada\n\nOlá",
    "----- Original Message -----\nFrom: Shop\n\nHello",
    "-------- Ursprüngliche Nachricht --------\nVon: Laden\n\nHallo",
    "________________________________\nDe: Loja <a@loja.example>\n"
    "Enviado: segunda-feira, 9 de novembro de 2026 17:40\n"
    "Para: Ada\nAssunto: Pedido\n\nOlá",
    "De : Boutique <a@b.example>\nEnvoyé : lundi 9 novembre 2026 17:40\nÀ : Ada\nObjet : Commande\n\nBonjour",
    "Von: Laden <a@l.example>\nGesendet: Montag, 9. November 2026 17:40\nAn: Ada\n"
    "Betreff: Bestellung\n\nHallo",
    "*De:* Loja <a@loja.example>\n*Enviada em:* segunda-feira, 9 de novembro de 2026\n"
    "*Para:* Ada\n*Assunto:* X\n\nOlá",
    "> uma linha antiga\n>\n> outra",
    "Enviado do meu iPhone",
    "Enviado desde mi Samsung Galaxy",
    "Sent from Yahoo Mail on Android",
    "Obter o Outlook para Android<https://aka.ms/x>",
    "-- \nAda Lovelace\nOficina do Cálculo",
    # more languages
    "W dniu pon., 9 lis 2026 o 17:40 Sklep <a@s.example> napisał(a):\n\n> Cześć",
    "mån 9 nov. 2026 kl. 17:40 skrev Butik <a@b.example>:\n\n> Hej",
    "Den man. 9. nov. 2026 kl. 17.40 skrev Butik <a@b.example>:\n\n> Hej",
    "ma 9. marrask. 2026 klo 17.40 Kauppa <a@k.example> kirjoitti:\n\n> Hei",
    "Kauppa kirjoitti 9.11.2026 kello 17:40:\n\nHei",
    "po 9. 11. 2026 v 17:40 odesílatel Obchod <a@o.example> napsal:\n\n> Ahoj",
    "În lun., 9 nov. 2026 la 17:40, Magazin <a@m.example> a scris:\n\n> Salut",
    "пн, 9 нояб. 2026 г. в 17:40, Магазин <a@m.example>:\n\n> Привет",
    "9 ноября 2026 г., в 17:40, Магазин <a@m.example> написал(а):\n\nПривет",
    "Dükkan <a@d.example>, 9 Kas 2026 Pzt, 17:40 tarihinde şunu yazdı:\n\n> Merhaba",
    "2026年11月9日(月) 17:40 店 <a@m.example>:\n\n> こんにちは",
    "商店 <a@s.example> 于2026年11月9日周一 17:40写道：\n\n> 你好",
    "2026년 11월 9일 (월) 오후 5:40, 가게 <a@s.example>님이 작성:\n\n> 안녕하세요",
    "Στις Δευ 9 Νοε 2026 στις 5:40 μ.μ., ο χρήστης Μαγαζί <a@m.example> έγραψε:\n\n> Γεια",
    "Bolt <a@b.example> ezt írta (időpont: 2026. nov. 9., H 17:40):\n\n> Szia",
    "Van: Winkel <a@w.example>\nVerzonden: maandag 9 november 2026 17:40\nAan: Ada\nOnderwerp: X\n\nHallo",
    "Od: Sklep <a@s.example>\nWysłano: poniedziałek, 9 listopada 2026 17:40\nDo: Ada\nTemat: X\n\nCześć",
    "Från: Butik <a@b.example>\nSkickat: den 9 november 2026 17:40\nTill: Ada\nÄmne: X\n\nHej",
    "Fra: Butik <a@b.example>\nSendt: 9. november 2026 17:40\nTil: Ada\nEmne: X\n\nHej",
    "Lähettäjä: Kauppa <a@k.example>\nLähetetty: 9. marraskuuta 2026 17.40\nAihe: X\n\nHei",
    "Od: Obchod <a@o.example>\nOdesláno: pondělí 9. listopadu 2026 17:40\nPředmět: X\n\nAhoj",
    "De la: Magazin <a@m.example>\nTrimis: luni, 9 noiembrie 2026 17:40\nSubiect: X\n\nSalut",
    "От: Магазин <a@m.example>\nОтправлено: 9 ноября 2026 г. 17:40\nКому: Ада\nТема: X\n\nПривет",
    "Kimden: Dükkan <a@d.example>\nGönderildi: 9 Kasım 2026 17:40\nKonu: X\n\nMerhaba",
    "差出人: 店 <a@m.example>\n送信日時: 2026年11月9日 17:40\n宛先: 客\n件名: X\n\nこんにちは",
    "发件人: 商店 <a@s.example>\n发送时间: 2026年11月9日 17:40\n收件人: 客\n主题: X\n\n你好",
    # programs
    "On Tue, Bruno wrote:\n> Hello",
    "Bruno Lima escreveu:\n> Olá",
    '11:00 AM, November 17, 2026, "Shop" <a@shop.example>:\n\nHello without marks',
    "On Wed, 14 Nov 2026 08:14:43 -0200 Shop <a@shop.example> wrote\n\nHello",
    "---- On Mon, 9 Nov 2026 17:40:00 -0300 Shop <a@shop.example> wrote ----\n\nHello",
    "-----Shop <a@shop.example> wrote: -----\nTo: Ada\nFrom: Shop\nDate: 09/11/2026\nSubject: X\n\nHi",
    "*From:* Shop [mailto:\na@shop.example]\n*Sent:* Monday, November 9, 2026 5:40 PM\n*Subject:* X\n\nHi",
    "Date: Mon, 9 Nov 2026 17:40:00 -0300 From: a@shop.example To: Ada Subject: X\n\nHi",
    "##- Please type your reply above this line -##\n\nYour request was updated",
    "##- Por favor, digite sua resposta acima desta linha -##\n\nOlá",
    "_______________________________________________\nnoticias mailing list\nhttps://l.example/listinfo/n",
    # telephones and notices
    "Enviado via Outlook",
    "Get Outlook for Android<https://aka.ms/x>",
    "Enviado a partir do meu smartphone Samsung Galaxy.",
    "Enviado pelo meu Xiaomi",
    "Von meinem iPhone gesendet",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "iPhoneから送信",
    "Sent from my cell, please excuse any typos.",
    "Esta mensagem é confidencial e destinada apenas ao destinatário indicado. Se a recebeu por engano, "
    "avise o remetente e apague-a: é proibida a divulgação sem autorização, por conter dados sigilosos.",
]

PLAIN = [
    "Comprei dia 3.\nDe: São Paulo\nPara: Recife\nData: 10/11/2026\nE agora?",
    "On the page I saw this error:\n> npm ERR! code 3\nPlease help",
    "On 12/03 your agent João wrote:\n\nWe will refund you\n\nThis has not happened.",
    "Sent from my desk, which is easier than the phone.",
    "Enviado do Recife ontem, ainda não chegou.",
    "a\n--\n" + "uma linha comprida de um texto que continua\n" * 40 + "fim",
    "Data: amanhã\nAssunto da aula: regex",
    "O preço é\n> 100 reais\ne eu paguei 200",
    "On Tuesday your colleague wrote: we will refund you. Nothing came.",
    "New message from your site:\n\nFrom: Ada <ada@x.example>\nDate: 9/11/2026 17:40\nSubject: Order\n"
    "Message: where is it?",
    "On the forum someone wrote:\n> you must restart\nIs that true?",
    "Enviado por e-mail ontem, sem resposta",
    "From my phone I cannot log in",
    "Estou com um problema:\n-- o site não abre\n-- o aplicativo também\nAguardo!",
    "Service  Date\n--------------------------------\nDomain  Jun 27\n\nIs this right?",
    "Meu pedido é confidencial, não divulguem por engano.",
    "Visit us now...\n>>> >>>  http://www.shop.example <<<\nVisit our site",
    "Em 9/11/2026 às 17:40 comprei o livro. Ele escreveu o nome errado na nota: conserte.",
    "I read on 12 Nov 2026 at 10:00 what he wrote: nothing.",
    "FYI\n\nFrom: Z <z@z.example>\nSent: Monday, 9 November 2026 17:40\nSubject: Order\n\nWhere is it?",
    "---------- Forwarded message ---------\nDe: X <x@x.example>\nDate: seg., 9 de nov. de 2026 17:40\n"
    "Subject: Y\n\nolhem isto\n\nOn Mon, Nov 9, 2026 at 5:40 PM Z <z@z.example> wrote:\n> antigo",
]


@pytest.mark.parametrize("history", HISTORY)
def test_history_and_signature_are_told_from_the_answer(history: str) -> None:
    reply, quoted = split("Obrigada, resolvido!\n\n" + history + "\n")
    assert reply == "Obrigada, resolvido!"
    assert quoted.split() == history.split()


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_mail_loses_nothing(text: str) -> None:
    assert split(text) == (text, "")


@pytest.mark.parametrize("history", HISTORY)
def test_a_mail_with_nothing_new_stays_whole(history: str) -> None:
    reply, _ = split(history)
    assert reply


def test_answers_between_quotes_stay_with_their_questions() -> None:
    reply, quoted = split(
        "On Mon, Nov 9, 2026 at 5:40 PM Z <z@z.example> wrote:\n> Cor?\nAzul\n> Tamanho?\nM\n"
        "> Abraços\n\n-- \nAda"
    )
    assert "Azul" in reply and "M" in reply.split("\n") and "> Tamanho?" in reply
    assert quoted == "> Abraços\n-- \nAda" or quoted == "> Abraços\n\n-- \nAda"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("Thanks! On Tue, Nov 3, 2026 at 10:00 AM Shop <a@shop.example> wrote:\n> Hello", "Thanks!"),
        ("reply--- On Wed, Apr 4, 2026 at 3:59 PM, a@shop.example wrote:\n> Hi", "reply"),
        (
            "Obrigada. Em seg., 9 de nov. de 2026 às 17:40, Loja <a@loja.example>\nescreveu:\n\nOlá",
            "Obrigada.",
        ),
        (
            "On the whole it is fine. On Tue, 3 Nov 2026 10:00 Shop <a@s.example> wrote:\n> a",
            "On the whole it is fine.",
        ),
    ],
)
def test_an_answer_on_the_line_of_the_attribution_stays(line: str, answer: str) -> None:
    reply, quoted = split(line)
    assert reply == answer and "wrote:" in quoted.replace("escreveu:", "wrote:")


def test_a_line_broken_off_a_quote_is_no_answer() -> None:
    said = (
        "Thanks\n\nOn Sep 21, 2026 3:18 PM, Shop <a@shop.example> wrote:\n"
        "> A long line of a text that a program of the customer has broken, and\nleft this\n> and more\n"
    )
    assert split(said)[0] == "Thanks"


def test_a_forwarded_mail_is_news_where_the_subject_says_so() -> None:
    header = (
        "From: Z <z@z.example>\nSent: Monday, 9 November 2026 17:40\nTo: Bob\nSubject: Order\n\nWhere is it?"
    )
    said = f"Bom dia,\n\nBob\n\n{header}"
    assert split(said)[0] == "Bom dia,\n\nBob"
    assert split(said, forward=True) == (said, "")
    mail = parse(f"From: Bob <b@x.example>\nSubject: ENC: Order\n\n{said}".encode())
    assert "Where is it?" in mail.reply_text and mail.quoted_text == ""
    mail = parse(f"From: Bob <b@x.example>\nSubject: RES: Order\n\n{said}".encode())
    assert "Where is it?" in mail.quoted_text


def test_a_warning_that_a_server_writes_above_is_no_text() -> None:
    banner = "CAUTION: This email originated from outside of the organization. Do not click links."
    assert split(f"{banner}\n\nWhere is my order?") == ("Where is my order?", banner)


def test_a_name_at_the_end_is_part_of_the_letter() -> None:
    text = "Where is my order?\n\nKind regards,\nAda Lovelace\nOficina do Cálculo"
    assert split(text) == (text, "")


def test_an_answer_below_the_quote_is_the_answer() -> None:
    assert split("Em 9/11/2026 17:40, Loja escreveu:\n> Olá\n\nResposta\n")[0] == "Resposta"


@given(st.lists(st.sampled_from([*HISTORY, *PLAIN, "", "oi", "> x", "-- ", "tudo bem?"]), max_size=8))
@settings(max_examples=200, deadline=None)
def test_no_line_is_ever_dropped(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    reply, quoted = split(text)
    assert words(reply) + words(quoted) == words(text)


def words(text: str) -> Counter[str]:
    return Counter(text.split())


HTML_HISTORY = [
    '<div class="gmail_quote"><div class="gmail_attr">Em 2026, X escreveu:</div>'
    '<blockquote class="gmail_quote">antigo</blockquote></div>',
    '<div class="moz-cite-prefix">Em 09/11/2026 17:40, X escreveu:<br></div>'
    '<blockquote type="cite">antigo</blockquote>',
    '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>De:</b> X<br></div><div>antigo</div>',
    '<div style="border:none;border-top:solid #B5C4DF 1.0pt"><b>Von:</b> X</div><p>antigo</p>',
    '<div class="yahoo_quoted"><div>Em segunda, X escreveu:</div><div>antigo</div></div>',
    '<div class="protonmail_quote">On Monday X wrote:<blockquote type="cite">antigo</blockquote></div>',
    '<div class="zmail_extra"><div>---- On Mon X wrote ----</div><blockquote>antigo</blockquote></div>',
    '<br><div><blockquote type="cite"><div>On 9 Nov 2026, at 17:40, X &lt;x@x.example&gt; wrote:</div>'
    "antigo</blockquote>",
    '<p>26.06.2026, 14:41, "X" &lt;x@x.example&gt;:</p><blockquote>antigo</blockquote>',
    '<div class="gmail_signature">antigo</div>',
    '<div id="mail-editor-reference-message-container"><div>antigo</div></div>',
    '<div class="ms-outlook-mobile-reference-message">antigo</div>',
    '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">From: X</div><div>antigo</div>',
    '<div name="quote" style="margin:10px 5px"><div>Gesendet: Montag</div>antigo</div>',
    '<div class="ydp1a2b3cyahoo_quoted" id="ydp1a2b3cyahoo_quoted_12">antigo</div>',
    '<div name="messageReplySection">antigo</div>',
    '<font color="#990099">-----X &lt;x@x.example&gt; wrote: -----</font><br>To: A<br>antigo',
    "<div>------------------&nbsp;原始邮件&nbsp;------------------</div><div>antigo</div>",
    '<span id="OLK_SRC_BODY_SECTION"><div>antigo</div></span>',
    "<blockquote><div>On 11-Apr-2026, at 6:54 PM, X &lt;x@x.example&gt; wrote:</div>antigo</blockquote>",
    "<hr><div>Date: Fri, 23 Mar 2026 12:35:31 -0600<br>To: a@x.example<br>From: x@x.example<br>Subject: Y<br>"
    "<br>antigo</div>",
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><b>Avsändare:</b> X</div><p>antigo</p>',
    '<div class="bloop_sign">antigo</div>',
    '<div id="ms-outlook-mobile-signature">antigo</div>',
]


@pytest.mark.parametrize("history", HTML_HISTORY)
def test_html_is_cut_where_the_program_marked_it(history: str) -> None:
    reply, quoted = split_html(f"<html><body><div>Novo <b>texto</b></div>{history}</body></html>")
    assert "Novo <b>texto</b>" in reply and "antigo" not in reply
    assert "antigo" in quoted and "Novo" not in quoted


def test_text_below_a_quote_in_html_stays() -> None:
    reply, _ = split_html('<blockquote type="cite">antigo</blockquote><p>Nova resposta</p>')
    assert "Nova resposta" in reply
    both = split_html(
        '<p>On 9 Nov 2026 at 17:40 X wrote:</p><blockquote type="cite">antigo</blockquote><p>Nova</p>'
    )
    assert "Nova" in both[0] and "antigo" in both[1] and "antigo" not in both[0]


def test_a_block_quote_for_emphasis_is_no_history() -> None:
    reply, quoted = split_html("<p>O erro diz:</p><blockquote>Falha 12</blockquote><p>E agora?</p>")
    assert "Falha 12" in reply and quoted == ""


def test_what_gmail_s_button_for_quoting_makes_is_emphasis_too() -> None:
    reply, _ = split_html('<div>O erro:</div><blockquote class="gmail_quote">Falha 12</blockquote>')
    assert "Falha 12" in reply


def test_gmail_forwards_in_the_element_it_quotes_in() -> None:
    reply, quoted = split_html(
        '<div class="gmail_quote"><div>------- Forwarded message -------<br>De: X &lt;x@x.example&gt;</div>'
        "<div>Onde está?</div></div>"
    )
    assert "Onde está?" in reply and quoted == ""


def test_a_line_like_outlook_s_in_a_newsletter_cuts_nothing() -> None:
    reply, quoted = split_html(
        '<p>Oi</p><div style="border-top:solid #E1E1E1 1.0pt">Novidades</div><p>Fim</p>'
    )
    assert "Novidades" in reply and "Fim" in reply and quoted == ""


def test_a_table_keeps_its_shape_when_history_is_cut() -> None:
    table = "<table><tr><td>1</td><td></td><td>3</td></tr></table>"
    reply, _ = split_html(f'<p>Veja</p>{table}<div class="yahoo_quoted">antigo</div>')
    assert reply.count("<td>") == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "On " * 300_000,
        ">" * 1_000_000,
        "-" * 1_000_000,
        "> a\n" * 250_000,
        "On 1\n" * 200_000,
        "From: a@b\n" * 100_000,
        "Sent from my " * 80_000,
        "-- \n" * 250_000,
        "On Mon, 1 Jan 2026 at 10:00 a@b wrote:\n\n" * 25_000,
        "oi On 1 Jan 2026 On 2 a@b wrote: On " * 28_000,
        "oi On 1 Jan 2026 On 2 a@b wrote: On \n" * 28_000,
        "confidential intended recipient in error delete it " * 20_000,
        "confidential intended recipient in error delete it\n" * 20_000,
        "De: a@b Para: c@d Data: 1/1/2026 10:00 " * 25_000,
        "CAUTION outside " * 60_000,
    ],
)
def test_what_is_made_to_hurt_takes_time_in_proportion_to_its_length(text: str) -> None:
    """Four times the text, four times the work; something quadratic would be sixteen each time."""
    assert any(_work(text) < 9 * _work(text[: len(text) // 4]) + 1.5 for _ in range(3))


def _work(text: str) -> float:
    before = time.process_time()
    split(text)
    return time.process_time() - before


OURS = (
    "Hello Ada,\n\nthank you for your order. The book you asked for is out of print, but we found a copy of\n"
    "the second edition in our other shop. Would you like us to send that one?\n\nKind regards\nShop"
)


def test_what_we_sent_is_found_without_any_mark() -> None:
    said = f"Yes, please send it!\n\nShop (a@shop.example) skrifaði 9. nóvember 2026:\n{OURS}"
    reply, quoted = without_ours(said, ["Something else that we sent before, about another order.", OURS])
    assert reply == "Yes, please send it!"
    assert quoted.startswith("Shop (a@shop.example)") and quoted.endswith("Shop")


def test_what_we_sent_is_found_though_its_lines_break_elsewhere() -> None:
    said = f"{OURS.replace(chr(10), ' ')}\n\nYes, please send it!"
    assert without_ours(said, [OURS])[0] == "Yes, please send it!"


def test_a_sentence_of_ours_that_a_customer_repeats_stays() -> None:
    said = (
        "You wrote: Would you like us to send that one? No, thank you, I would rather have the first edition."
    )
    assert without_ours(said, [OURS]) == (said, "")
    both = f"Would you like us to send that one?\nNo, thank you.\n\n{OURS}"
    assert without_ours(both, [OURS])[0] == "Would you like us to send that one?\nNo, thank you."


def test_a_short_question_of_ours_that_a_customer_repeats_stays() -> None:
    said = "Qual é o número do pedido?\n4711, como já disse. Ninguém lê o que escrevo?"
    assert without_ours(said, ["Qual é o número do pedido?"]) == (said, "")


def test_answers_between_what_we_wrote_keep_all_of_it() -> None:
    lines = OURS.split("\n")
    said = "\n".join([*lines[:4], "Yes, please.", *lines[4:]])
    assert without_ours(said, [OURS]) == (said, "")


def test_a_mail_with_nothing_but_our_words_stays_whole() -> None:
    assert without_ours(OURS, [OURS]) == (OURS, "")
    assert without_ours("Oi", []) == ("Oi", "") and without_ours("Oi", [""]) == ("Oi", "")


@given(st.lists(st.sampled_from([*OURS.split("\n"), "new words of the customer", ""]), max_size=20))
@settings(max_examples=200, deadline=None)
def test_comparison_swallows_no_word_of_the_customer(lines: list[str]) -> None:
    text = "\n".join(lines)
    reply, quoted = without_ours(text, [OURS])
    assert reply.count("new words of the customer") == text.count("new words of the customer")
    assert words(reply) + words(quoted) == words(text)


@pytest.mark.parametrize("text", ["a " * 500_000, "a b c d e f\n" * 80_000, OURS * 3_000])
def test_comparison_takes_time_in_proportion_to_its_length(text: str) -> None:
    assert any(_compared(text) < 9 * _compared(text[: len(text) // 4]) + 0.3 for _ in range(3))


def _compared(text: str) -> float:
    before = time.process_time()
    without_ours(text, [OURS, text])
    return time.process_time() - before


def test_the_command_line_answers_with_the_same_words() -> None:
    lines = [
        '{"input": "Oi\\n\\nEnviado do meu iPhone", "id": 7}',
        '{"html": "<p>Oi</p><blockquote type=cite>x"}',
    ]
    assert list(strip_jsonl(lines)) == [{"id": 7, "reply": "Oi"}, {"reply": "Oi"}]
