# ruff: noqa: E501 (names and letters of people)
"""What people, houses and mailboxes are called, at home and abroad."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere, with the names that are usual there."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class House:
    """Who buys for others: a restaurant, a studio, a shop."""

    name: str
    domain: str
    language: str
    city: str
    tier: str = ""
    note: str = ""


def _place(first: str, last: str, cities: str) -> Place:
    return Place(tuple(first.split(", ")), tuple(last.split(", ")), tuple(cities.split(", ")))


BRAZIL = (
    _place(
        "Ana, Beatriz, Camila, Carla, Cecília, Clara, Cristina, Daniela, Débora, Eduarda, Elisa, Fernanda, "
        "Flávia, Gabriela, Helena, Heloísa, Isabela, Ivone, Joana, Juliana, Larissa, Letícia, Lorena, Luana, "
        "Luiza, Manuela, Mariana, Marta, Natália, Neide, Patrícia, Priscila, Raquel, Renata, Rosana, Sandra, "
        "Simone, Sônia, Tainá, Tatiana, Valéria, Vanessa, Verônica, Vitória",
        "Almeida, Alencar, Andrade, Araújo, Azevedo, Barbosa, Barros, Batista, Bezerra, Borges, Brito, Campos, "
        "Cardoso, Carvalho, Cavalcanti, Coelho, Correia, Costa, Cunha, Dantas, Dias, Duarte, Farias, Fernandes, "
        "Ferreira, Fonseca, Freire, Freitas, Gomes, Gonçalves, Guimarães, Holanda, Lacerda, Leal, Leite, Lima",
        "Recife, Olinda, Jaboatão dos Guararapes, Caruaru, João Pessoa, Natal, Maceió, Salvador, Fortaleza",
    ),
    _place(
        "Alexandre, André, Antônio, Arthur, Augusto, Caio, Carlos, Cláudio, Daniel, Davi, Diogo, Edson, Eduardo, "
        "Fábio, Felipe, Fernando, Gilberto, Guilherme, Gustavo, Heitor, Henrique, Igor, Ivan, João, José, "
        "Leandro, Leonardo, Lucas, Luciano, Marcelo, Márcio, Mateus, Maurício, Murilo, Nelson, Paulo, Pedro, "
        "Rafael, Renato, Ricardo, Rodrigo, Sérgio, Thiago, Vicente, Wagner, Yuri",
        "Lopes, Macedo, Machado, Magalhães, Maia, Marinho, Marques, Martins, Medeiros, Melo, Mendes, Menezes, "
        "Miranda, Monteiro, Moraes, Moreira, Mota, Moura, Nascimento, Neves, Nogueira, Nunes, Oliveira, Pacheco, "
        "Paiva, Peixoto, Pereira, Pessoa, Pinheiro, Pires, Queiroga, Ramos, Rezende, Ribeiro, Rocha, Sales",
        "São Paulo, Campinas, Rio de Janeiro, Niterói, Belo Horizonte, Curitiba, Porto Alegre, Florianópolis, "
        "Brasília, Goiânia, Vitória, Santos, Ribeirão Preto, Belém, Manaus",
    ),
    _place(
        "Akemi, Alice, Aparecida, Bruna, Dalva, Dirce, Emília, Eliane, Francisca, Giovana, Graça, Inês, Iracema, "
        "Jussara, Kátia, Lúcia, Marli, Milena, Nádia, Olívia, Rebeca, Rute, Sílvia, Socorro, Teresa, Zélia, "
        "Benedito, Cícero, Damasceno, Enzo, Francisco, Jorge, Ítalo, Kleber, Moacir, Nilton, Osvaldo, Raimundo",
        "Sampaio, Santana, Santos, Saraiva, Serra, Silva, Silveira, Siqueira, Soares, Souza, Tavares, Teles, "
        "Torres, Uchôa, Valadares, Vasconcelos, Vaz, Veloso, Viana, Vieira, Xavier, Tanaka, Yamamoto, Schneider, "
        "Bianchi, Rossi, Kowalski, Haddad, Nasser, Zanetti",
        "Garanhuns, Petrolina, Campina Grande, Aracaju, Teresina, São Luís, Londrina, Joinville, Uberlândia, "
        "Juiz de Fora, Sorocaba, Blumenau, Pelotas, Cuiabá",
    ),
)  # fmt: skip
ELSEWHERE = (
    _place(
        "Alice, Amelia, Charlotte, Chloe, Daisy, Edith, Eleanor, Erin, Fiona, Freya, Grace, Harriet, Isla, Joanna, "
        "Lucy, Megan, Nora, Olivia, Poppy, Rosie, Alasdair, Benjamin, Callum, Duncan, Edward, George, Harry, Hugh, "
        "Isaac, Jack, Oliver, Owen, Rhys, Samuel, Theo, Toby",
        "Adams, Ashworth, Bailey, Barlow, Bennett, Bishop, Brennan, Carter, Chapman, Cole, Davies, Doyle, Ellis, "
        "Fraser, Gallagher, Graham, Hughes, Kelly, Marsh, Murphy, Newman, O'Connor, Palmer, Pearce, Quinn, Reid, "
        "Sinclair, Thornton, Walsh, Whitaker",
        "London, Bristol, Edinburgh, Dublin, Manchester, Glasgow, Cork, Cardiff, Leeds",
    ),
    _place(
        "Ashley, Brooke, Caleb, Denise, Derek, Elena, Ethan, Hailey, Jamal, Jasmine, Kayla, Keisha, Kyle, Lauren, "
        "Marcus, Maya, Miguel, Nicole, Priya, Rachel, Ryan, Sofia, Tiffany, Trevor, Wei, Zoe, Anjali, Carlos",
        "Alvarez, Anderson, Brooks, Chen, Coleman, Delgado, Foster, Garcia, Greene, Hernandez, Huang, Jackson, Kim, "
        "Lopez, Mitchell, Nguyen, Park, Patel, Perez, Ramirez, Robinson, Sanders, Turner, Washington, Williams",
        "New York, Portland, Austin, Chicago, Seattle, Toronto, Vancouver, Boston, Miami",
    ),
    _place(
        "Anna, Astrid, Camille, Chiara, Elif, Elise, Femke, Franziska, Freja, Giulia, Ingrid, Johanna, Katarzyna, "
        "Lea, Lotte, Maren, Margaux, Pilar, Saskia, Sigrid, Bastien, Emil, Erik, Hugo, Jonas, Lars, Luca, Mathis, "
        "Niels, Pablo, Sander, Stefan, Tomasz, Wouter, Yannick",
        "Andersen, Bakker, Bauer, Berg, Bianchi, Bos, Conti, Dekker, Dubois, Fischer, Fontaine, Garnier, Hansen, "
        "Hoffmann, Jansen, Keller, Kowalczyk, Larsen, Lindgren, Marchetti, Moreau, Navarro, Nilsson, Novak, Romano, "
        "Schmitt, Vos, Wagner, Weber, Yilmaz",
        "Lisbon, Berlin, Copenhagen, Amsterdam, Paris, Milan, Barcelona, Stockholm, Vienna, Antwerp, Kraków",
    ),
)  # fmt: skip

MAILBOXES = {
    "pt": (
        "correio.example", "caixapostal.example", "bolmail.example", "umail.example", "terramail.example",
        "zapmail.example", "postal.example",
    ),
    "en": ("postbox.example", "fastpost.example", "inmail.example", "letterbox.example", "umail.example"),
}  # fmt: skip

HOUSES = (
    House(
        "Ateliê Mandacaru",
        "mandacaru.example",
        "pt",
        "Olinda",
        "vip",
        "Sempre pede esmalte fosco; falar com Célia.",
    ),
    House("Restaurante Maré Alta", "marealta.example", "pt", "Recife", "vip", "Repõe pratos todo trimestre."),
    House("Pousada Canto do Sabiá", "cantodosabia.example", "pt", "Gravatá"),
    House("Café Alvorada", "cafealvorada.example", "pt", "João Pessoa"),
    House("Empório da Serra", "emporiodaserra.example", "pt", "Garanhuns"),
    House("Bistrô Jatobá", "bistrojatoba.example", "pt", "Salvador"),
    House(
        "Casa Paineira Decoração", "casapaineira.example", "pt", "São Paulo", "vip", "Só aceita nota com IE."
    ),
    House("Padaria Flor do Trigo", "flordotrigo.example", "pt", "Natal"),
    House("Hotel Mirante do Una", "mirantedouna.example", "pt", "Tamandaré"),
    House("Studio Lúmen Arquitetura", "studiolumen.example", "pt", "Belo Horizonte"),
    House("Tapiocaria Dona Nina", "donanina.example", "pt", "Fortaleza"),
    House("Cooperativa Renda de Bilro", "rendadebilro.example", "pt", "Aracaju"),
    House(
        "Clay & Table", "clayandtable.example", "en", "London", "vip", "Invoices in GBP; Naomi knows Harriet."
    ),
    House("The Saltmarsh Kitchen", "saltmarsh.example", "en", "Bristol"),
    House("Nordlys Interiors", "nordlys.example", "en", "Copenhagen"),
    House("Harbor Street Supper Club", "harborstreet.example", "en", "Portland"),
    House("Maison Argile", "maisonargile.example", "en", "Paris"),
    House("Birch & Bowl", "birchandbowl.example", "en", "Toronto"),
)

CAST = (
    ("Compras Empório da Serra", "compras@emporiodaserra.example", "pt", "Garanhuns", 5),
    ("Lívia Prado", "livia@prado.example", "pt", "Recife", 0),
    ("Paulo Henrique Dutra", "paulo@dutra.example", "pt", "Campinas", 0),
    ("Emma Clarke", "emma@clarke.example", "en", "Leeds", 0),
    ("Ateliê Mandacaru", "compras@mandacaru.example", "pt", "Olinda", 1),
    ("Diego Sampaio", "diego@sampaio.example", "pt", "São Paulo", 0),
    ("Hannah Becker", "hannah@becker.example", "en", "Lisbon", 0),
    ("Marina Queiroz", "marina@queiroz.example", "pt", "Olinda", 0),
    ("Tereza Lins", "tereza@lins.example", "pt", "Maceió", 0),
    ("Otávio Brandão", "otavio@brandao.example", "pt", "Santos", 0),
    ("Juliana Siqueira", "juliana.siqueira@correio.example", "pt", "Recife", 0),
    ("Juliana Siqueira", "juliana.siqueira@postal.example", "pt", "Recife", 0),
    ("Harriet Lowe", "harriet@clayandtable.example", "en", "London", 13),
    ("Harriet Lowe", "h.lowe@clayandtable.example", "en", "London", 13),
    ("Rogério Tavares", "rogerio.tavares@umail.example", "pt", "Natal", 0),
    ("Rogério Tavares", "rtavares71@bolmail.example", "pt", "Natal", 0),
    ("Nilza Prates", "nilza.prates@caixapostal.example", "pt", "Caruaru", 0),
    ("Theo Lindqvist", "theo@nordlys.example", "en", "Copenhagen", 15),
    ("Moacir Bandeira", "moacir@bandeira.example", "pt", "Olinda", 0),
)
"""People who are always there, whatever the world's size: the first of them buys all year round. The last
number is the house they write for. Some wrote from two addresses."""

MERGED = {16: 15}
"""Who turned out to be whom."""

SPAMMERS = (
    ("Google Top Rankings", "seo"), ("Crédito Fácil", "aprovado"), ("Grace W.", "grace"), ("Loja Premium", "ofertas"),
    ("Bitcoin Weekly", "news"), ("Dr. Samuel Eze", "dr.eze"), ("Cartão Pré-Aprovado", "contato"),
)  # fmt: skip
SPAM_DOMAINS = ("rank-boost", "grana-ja", "bestdeals", "inbox-promo", "wealth-desk")
