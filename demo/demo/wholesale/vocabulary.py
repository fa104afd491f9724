"""The words that articles are named with. Each row: Dutch, French, Swedish, English, German."""

from dataclasses import dataclass

LANGUAGES = ("nl", "fr", "sv", "en", "de")

Words = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Product:
    names: Words
    sizes: tuple[str, ...]
    cents: int
    """Price of the smallest size, plain."""
    pack: int
    grams: int


@dataclass(frozen=True, slots=True)
class Family:
    code: str
    sub_family: str
    vat_class: str
    unit: str
    kinds: tuple[Words, ...]
    products: tuple[Product, ...]


_COLOURS: tuple[Words, ...] = (
    ("wit", "blanc", "vit", "white", "weiß"),
    ("zwart", "noir", "svart", "black", "schwarz"),
    ("naturel", "naturel", "natur", "natural", "natur"),
    ("rood", "rouge", "röd", "red", "rot"),
    ("blauw", "bleu", "blå", "blue", "blau"),
    ("groen", "vert", "grön", "green", "grün"),
    ("antraciet", "anthracite", "antracit", "anthracite", "anthrazit"),
    ("zand", "sable", "sand", "sand", "sand"),
)
_SCENTS: tuple[Words, ...] = (
    ("citroen", "citron", "citron", "lemon", "Zitrone"),
    ("lavendel", "lavande", "lavendel", "lavender", "Lavendel"),
    ("ongeparfumeerd", "sans parfum", "oparfymerad", "unscented", "parfümfrei"),
    ("dennen", "pin", "tall", "pine", "Kiefer"),
    ("oceaan", "océan", "hav", "ocean", "Ozean"),
    ("geconcentreerd", "concentré", "koncentrerad", "concentrated", "konzentriert"),
)
_ROASTS: tuple[Words, ...] = (
    ("mild", "doux", "mild", "mild", "mild"),
    ("medium", "moyen", "mellan", "medium", "mittel"),
    ("donker", "corsé", "mörk", "dark", "dunkel"),
    ("biologisch", "biologique", "ekologisk", "organic", "bio"),
    ("eerlijke handel", "commerce équitable", "rättvis handel", "fair trade", "fairer Handel"),
    ("cafeïnevrij", "décaféiné", "koffeinfri", "decaffeinated", "entkoffeiniert"),
)
_PANTRY: tuple[Words, ...] = (
    ("klassiek", "classique", "klassisk", "classic", "klassisch"),
    ("biologisch", "biologique", "ekologisk", "organic", "bio"),
    ("glutenvrij", "sans gluten", "glutenfri", "gluten-free", "glutenfrei"),
    ("suikervrij", "sans sucre", "sockerfri", "sugar-free", "zuckerfrei"),
    ("vegan", "végane", "vegansk", "vegan", "vegan"),
    ("premium", "premium", "premium", "premium", "Premium"),
)
_GRADES: tuple[Words, ...] = (
    ("standaard", "standard", "standard", "standard", "Standard"),
    ("extra sterk", "extra fort", "extra stark", "extra strong", "extra stark"),
    ("gerecycled", "recyclé", "återvunnen", "recycled", "recycelt"),
    ("composteerbaar", "compostable", "komposterbar", "compostable", "kompostierbar"),
    ("met logo", "avec logo", "med logotyp", "with logo", "mit Logo"),
    ("professioneel", "professionnel", "professionell", "professional", "Profi"),
)
_SIZES = ("XS", "S", "M", "L", "XL", "XXL")
_DRINK = ("100 ml", "180 ml", "240 ml", "300 ml", "360 ml", "480 ml")
_LITRES = ("500 ml", "750 ml", "1 l", "2 l", "5 l", "10 l")
_PLATES = ("16 cm", "18 cm", "21 cm", "24 cm", "27 cm", "30 cm")
_GRAMS = ("125 g", "250 g", "500 g", "1 kg", "2,5 kg", "5 kg")
_STEEL = ("1 l", "2 l", "4 l", "6 l", "8 l", "12 l")
_CLOTHS = ("40 x 40 cm", "50 x 70 cm", "90 x 90 cm", "140 x 140 cm", "140 x 220 cm", "160 x 300 cm")
_PAPER = ("A6", "A5", "A4", "A3", "A2")

FAMILIES: tuple[Family, ...] = (
    Family("tableware", "cups", "standard", "piece", _COLOURS, (
        Product(("Koffiekop", "Tasse à café", "Kaffekopp", "Coffee cup", "Kaffeetasse"), _DRINK, 285, 6, 210),
        Product(("Theeglas", "Verre à thé", "Teglas", "Tea glass", "Teeglas"), _DRINK, 240, 6, 180),
        Product(("Beker", "Mug", "Mugg", "Mug", "Becher"), _DRINK, 355, 6, 320),
        Product(("Waterglas", "Verre à eau", "Vattenglas", "Water glass", "Wasserglas"), _DRINK, 175, 12, 240),
    )),
    Family("tableware", "plates", "standard", "piece", _COLOURS, (
        Product(("Dinerbord", "Assiette plate", "Tallrik", "Dinner plate", "Speiseteller"), _PLATES, 425, 6, 480),
        Product(("Diep bord", "Assiette creuse", "Djup tallrik", "Soup plate", "Suppenteller"), _PLATES, 445, 6, 460),
        Product(("Schaal", "Saladier", "Skål", "Serving bowl", "Schale"), _PLATES, 690, 4, 720),
        Product(("Dienblad", "Plateau", "Bricka", "Tray", "Tablett"), _PLATES, 940, 2, 650),
    )),
    Family("disposables", "paper cups", "standard", "box", _GRADES, (
        Product(("Kartonnen beker", "Gobelet en carton", "Pappersmugg", "Paper cup", "Pappbecher"),
                _DRINK, 1290, 1, 900),
        Product(("Deksel", "Couvercle", "Lock", "Lid", "Deckel"), _DRINK, 860, 1, 500),
        Product(("Soepbeker", "Bol à soupe", "Soppmugg", "Soup cup", "Suppenbecher"), _DRINK, 1875, 1, 1100),
    )),
    Family("disposables", "packaging", "standard", "box", _GRADES, (
        Product(("Draagtas", "Sac", "Bärkasse", "Carrier bag", "Tragetasche"), _SIZES, 1640, 1, 2100),
        Product(("Maaltijdbox", "Boîte repas", "Matlåda", "Meal box", "Menübox"), _SIZES, 2215, 1, 2600),
        Product(("Saladebak", "Barquette salade", "Salladsskål", "Salad bowl", "Salatschale"), _SIZES, 1980, 1, 1900),
        Product(("Servetten", "Serviettes", "Servetter", "Napkins", "Servietten"), _SIZES, 1120, 1, 1500),
        Product(("Bakpapier", "Papier cuisson", "Bakplåtspapper", "Baking paper", "Backpapier"), _SIZES, 1395, 1, 1700),
    )),
    Family("cleaning", "detergents", "standard", "bottle", _SCENTS, (
        Product(("Allesreiniger", "Nettoyant", "Allrengöring", "All-purpose cleaner", "Allzweckreiniger"),
                _LITRES, 365, 6, 550),
        Product(("Afwasmiddel", "Liquide vaisselle", "Diskmedel", "Washing-up liquid", "Spülmittel"),
                _LITRES, 310, 6, 540),
        Product(("Vloerreiniger", "Nettoyant sol", "Golvrengöring", "Floor cleaner", "Bodenreiniger"),
                _LITRES, 485, 6, 560),
        Product(("Handzeep", "Savon mains", "Handtvål", "Hand soap", "Handseife"), _LITRES, 290, 6, 530),
        Product(("Sanitairreiniger", "Nettoyant sanitaire", "Sanitetsrent", "Bathroom cleaner", "Sanitärreiniger"),
                _LITRES, 520, 6, 560),
        Product(("Wasmiddel", "Lessive", "Tvättmedel", "Laundry detergent", "Waschmittel"), _LITRES, 745, 4, 580),
    )),
    Family("cleaning", "tools", "standard", "piece", _COLOURS, (
        Product(("Microvezeldoek", "Chiffon microfibre", "Mikrofiberduk", "Microfibre cloth", "Mikrofasertuch"),
                _SIZES, 145, 10, 45),
        Product(("Emmer", "Seau", "Hink", "Bucket", "Eimer"), _STEEL, 520, 1, 640),
        Product(("Werkhandschoen", "Gant de travail", "Arbetshandske", "Work glove", "Arbeitshandschuh"),
                _SIZES, 275, 12, 90),
    )),
    Family("coffee and tea", "coffee", "reduced", "bag", _ROASTS, (
        Product(("Koffiebonen", "Café en grains", "Kaffebönor", "Coffee beans", "Kaffeebohnen"), _GRAMS, 395, 4, 140),
        Product(("Filterkoffie", "Café filtre", "Bryggkaffe", "Filter coffee", "Filterkaffee"), _GRAMS, 345, 4, 140),
        Product(("Espresso", "Espresso moulu", "Espresso", "Espresso", "Espresso"), _GRAMS, 435, 4, 140),
        Product(("Zwarte thee", "Thé noir", "Svart te", "Black tea", "Schwarztee"), _GRAMS, 465, 4, 140),
        Product(("Groene thee", "Thé vert", "Grönt te", "Green tea", "Grüntee"), _GRAMS, 510, 4, 140),
    )),
    Family("pantry", "dry goods", "reduced", "bag", _PANTRY, (
        Product(("Koekjes", "Biscuits", "Kakor", "Biscuits", "Kekse"), _GRAMS, 215, 8, 140),
        Product(("Pasta", "Pâtes", "Pasta", "Pasta", "Nudeln"), _GRAMS, 155, 8, 140),
        Product(("Rijst", "Riz", "Ris", "Rice", "Reis"), _GRAMS, 165, 8, 140),
        Product(("Muesli", "Muesli", "Müsli", "Muesli", "Müsli"), _GRAMS, 275, 6, 140),
        Product(("Gemengde noten", "Fruits à coque", "Nötblandning", "Mixed nuts", "Nussmischung"),
                _GRAMS, 420, 6, 140),
        Product(("Chocolade", "Chocolat", "Choklad", "Chocolate", "Schokolade"), _GRAMS, 335, 6, 140),
    )),
    Family("kitchen", "containers", "standard", "piece", _GRADES, (
        Product(("Gastronormbak", "Bac gastronorme", "Gastronormkantin", "Gastronorm pan", "Gastronormbehälter"),
                _STEEL, 845, 1, 700),
        Product(("Kookpan", "Casserole", "Kastrull", "Saucepan", "Kochtopf"), _STEEL, 2390, 1, 1200),
        Product(("Voorraaddoos", "Boîte de conservation", "Förvaringslåda", "Storage box", "Vorratsdose"),
                _STEEL, 565, 4, 350),
        Product(("Thermoskan", "Carafe isotherme", "Termoskanna", "Vacuum jug", "Isolierkanne"), _STEEL, 2785, 1, 900),
    )),
    Family("office", "paper", "standard", "pack", _GRADES, (
        Product(("Kopieerpapier", "Papier copie", "Kopieringspapper", "Copy paper", "Kopierpapier"),
                _PAPER, 395, 5, 1250),
        Product(("Notitieblok", "Bloc-notes", "Anteckningsblock", "Notepad", "Notizblock"), _PAPER, 165, 10, 160),
        Product(("Envelop", "Enveloppe", "Kuvert", "Envelope", "Umschlag"), _PAPER, 480, 1, 700),
        Product(("Hangmap", "Dossier suspendu", "Hängmapp", "Hanging file", "Hängemappe"), _PAPER, 690, 1, 950),
    )),
    Family("workwear", "clothing", "standard", "piece", _COLOURS, (
        Product(("Schort", "Tablier", "Förkläde", "Apron", "Schürze"), _SIZES, 1190, 1, 260),
        Product(("Koksbuis", "Veste de cuisine", "Kockrock", "Chef's jacket", "Kochjacke"), _SIZES, 2895, 1, 420),
        Product(("Poloshirt", "Polo", "Pikétröja", "Polo shirt", "Poloshirt"), _SIZES, 1545, 1, 230),
        Product(("Veiligheidsvest", "Gilet de sécurité", "Varselväst", "Safety vest", "Warnweste"),
                _SIZES, 685, 1, 150),
    )),
    Family("table linen", "cloths", "standard", "piece", _COLOURS, (
        Product(("Tafelkleed", "Nappe", "Bordsduk", "Tablecloth", "Tischdecke"), _CLOTHS, 1480, 2, 380),
        Product(("Tafelloper", "Chemin de table", "Bordslöpare", "Table runner", "Tischläufer"), _CLOTHS, 895, 4, 190),
        Product(("Theedoek", "Torchon", "Kökshandduk", "Tea towel", "Geschirrtuch"), _CLOTHS, 340, 10, 80),
        Product(("Keukenhanddoek", "Essuie-mains", "Handduk", "Hand towel", "Handtuch"), _CLOTHS, 465, 10, 140),
    )),
)  # fmt: skip
