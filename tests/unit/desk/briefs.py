"""Short reports, invented: eight events, each told twice, and another event of its kind or place."""

from inspect import cleandoc
from typing import NamedTuple


class Brief(NamedTuple):
    """`told` and `again`, so many days later, are one event; `unlike` is another one. Each a title, and a sentence a line."""

    told: str
    again: str
    days: float
    unlike: str
    days_unlike: float


def _brief(told: str, again: str, days: float, unlike: str, days_unlike: float) -> Brief:
    return Brief(cleandoc(told), cleandoc(again), days, cleandoc(unlike), days_unlike)


BRIEFS = (
    _brief(
        """
        Akira ransomware stops Norwegian dairy
        The Akira ransomware group has claimed an attack on the dairy Fjellmelk near Hamar in Norway, whose tankers stood still on Monday.
        The company said it disconnected its servers after encryption was noticed in the night.
        The police are investigating.
        """,
        """
        No milk from Hamar after cyberattack
        Tankers of the dairy Fjellmelk did not leave Hamar on Monday: a ransomware attack had paralysed its computers.
        A gang called Akira says that it was them.
        Shops in eastern Norway will be short of milk for some days, the company said.
        """,
        0.3,
        """
        Akira ransomware hits clinic in Portugal
        The Akira ransomware group has claimed an attack on the Santa Brites clinic in Braga, which had to send patients home on Thursday.
        The hospital disconnected its servers after encryption was noticed in the morning, its director Rui Falcato said.
        """,
        3,
    ),
    _brief(
        """
        Magnitude 5.4 earthquake shakes Bingol
        An earthquake of magnitude 5.4 shook the Turkish province of Bingol early on Tuesday, the disaster authority said.
        The epicentre was 12 kilometres from Karliova at a depth of 9 kilometres.
        Residents ran into the streets; nobody was hurt.
        """,
        """
        Quake wakes people in eastern Turkey
        A quake of magnitude 5.4 woke people in Bingol in eastern Turkey before dawn on Tuesday.
        It was felt in Karliova and Mus.
        The governor said that walls had cracked in two villages and that there were no injuries.
        """,
        0.1,
        """
        Earthquake of magnitude 5.1 off Datca
        An earthquake of magnitude 5.1 shook the Turkish coast at Datca on Sunday evening, the disaster authority said.
        The epicentre was 30 kilometres south of the peninsula at a depth of 17 kilometres.
        Residents ran into the streets.
        """,
        5,
    ),
    _brief(
        """
        Bus plunges into gorge near Abancay, nine dead
        Nine people died when a bus plunged into a gorge near Abancay in Peru on Wednesday, police said.
        It was on its way from Cusco to Lima with forty passengers.
        Firemen recovered the bodies with ropes, and the wounded were taken to hospital.
        """,
        """
        At least nine killed as Peruvian bus leaves road
        A bus from Cusco to Lima left the road in the Andes near Abancay and fell two hundred metres into a gorge.
        At least nine of its passengers were killed, Peruvian police said on Wednesday; twenty are in the hospital of Abancay.
        """,
        0.4,
        """
        Lorry and bus collide on road to Arequipa
        Five people died when a lorry and a bus collided near Camana in Peru on Sunday, police said.
        The bus was on its way from Lima to Arequipa.
        The driver of the lorry had fallen asleep, according to passengers who were taken to hospital.
        """,
        4,
    ),
    _brief(
        """
        Former mayor jailed for six years over land sales
        A court in Nairobi sentenced the former mayor Elijah Mutunga to six years in prison on Tuesday for selling public land to his brother.
        Judge Grace Wanjala said that he had forged the register.
        His lawyers said they would appeal.
        """,
        """
        Mutunga goes to prison
        Elijah Mutunga, once mayor, must go to prison for six years.
        Judge Grace Wanjala found on Tuesday that he had sold public land to a brother and forged papers.
        The prosecution in Nairobi had asked for ten years.
        """,
        0.2,
        """
        Former bank director jailed for eight years
        A court in Nairobi sentenced the former bank director Peter Omollo to eight years in prison on Thursday for lending money to firms that did not exist.
        Judge Amos Kilonzo spoke of greed.
        His lawyers said they would appeal.
        """,
        2,
    ),
    _brief(
        """
        Warehouse burns down in Grimsby
        A warehouse with frozen fish burned down in Grimsby on Friday night, the fire brigade said.
        Forty firemen were there until the morning.
        Nobody was hurt, and the cause is being examined.
        """,
        """
        Grimsby fish store destroyed by fire
        Fire destroyed a cold store in the docks of Grimsby in the night to Saturday, with six hundred tonnes of frozen fish.
        Forty firemen fought the flames.
        The warehouse had been built three years ago.
        """,
        0.5,
        """
        Fire in flats in Swindon, two in hospital
        Two people were taken to hospital after a fire in a block of flats in Swindon on Friday, the fire brigade said.
        It began in a kitchen on the third floor.
        The cause is being examined.
        """,
        0.2,
    ),
    _brief(
        """
        Trawler brings cocaine to Brest
        Customs officers found ninety kilos of cocaine on a trawler that came into the port of Brest on Monday.
        The skipper was arrested.
        """,
        """
        Skipper held after cocaine find on trawler
        The skipper of a trawler is held in Brest since customs found ninety kilos of cocaine below its nets on Monday.
        He says that he fished the bags out of the sea.
        """,
        1,
        """
        Cold spell closes schools in Brest
        Snow closed eleven schools in Brest on Monday, the town said.
        Buses ran until noon only, and parents were asked to fetch their children.
        """,
        0.1,
    ),
    _brief(
        """
        Mali : dix soldats tués dans une embuscade près de Niono
        Dix soldats maliens ont été tués mardi dans une embuscade tendue par des hommes armés près de Niono, dans le centre du Mali.
        Le convoi escortait des camions de riz, selon une source militaire.
        L'attaque n'a pas été revendiquée.
        """,
        """
        Embuscade contre l'armée malienne dans la région de Niono
        Un convoi de l'armée malienne qui escortait des camions chargés de riz est tombé mardi dans une embuscade aux environs de Niono.
        Dix soldats ont péri et six sont blessés, a indiqué l'état-major à Bamako.
        """,
        0.2,
        """
        Mali : quinze civils tués à Ansongo
        Au moins quinze civils ont été tués vendredi par des hommes armés au marché d'Ansongo, dans le nord du Mali.
        Les assaillants, arrivés à moto, ont incendié des étals, selon des habitants.
        L'attaque n'a pas été revendiquée.
        """,
        3,
    ),
    _brief(
        """
        Le Havre : deux tonnes de cocaïne saisies dans un conteneur
        Les douaniers ont saisi lundi deux tonnes de cocaïne dans un conteneur de bananes au port du Havre, a annoncé le parquet.
        La drogue venait de l'Équateur.
        Trois dockers ont été interpellés.
        """,
        """
        Trois dockers arrêtés au Havre après une saisie de cocaïne
        Trois dockers du port du Havre ont été arrêtés après la découverte de deux tonnes de cocaïne parmi des bananes, a-t-on appris lundi auprès de la douane.
        Le navire arrivait de Guayaquil, en Équateur.
        """,
        0.3,
        """
        Dunkerque : 300 kilos de cocaïne dans du café
        Les douaniers ont saisi mercredi 300 kilos de cocaïne dans un conteneur de café au port de Dunkerque, a annoncé le parquet.
        La drogue venait du Brésil.
        Personne n'a été interpellé.
        """,
        2,
    ),
)


def _pairs(*told: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((cleandoc(one), cleandoc(other)) for one, other in told)


NAMELESS_UNLIKE = _pairs(
    (
        """
        Storm tears roofs off in Orrskog
        A storm tore the roofs off two houses in Orrskog on Sunday evening and felled trees across the road.
        Firemen worked until the morning. Nobody was hurt.
        """,
        """
        Storm fells trees in Velden
        A storm felled trees in Velden on Sunday evening and tore the roof off a school.
        Firemen cleared the road until the morning. Nobody was hurt.
        """,
    ),
    (
        """
        Fire destroys barn near Askby
        A barn near Askby burned down on Monday night, the fire brigade said.
        Thirty firemen fought the flames. Nobody was hurt, and the cause is not known.
        """,
        """
        Barn burns down in Melhorn
        A barn in Melhorn burned down on Monday night, the fire brigade said.
        Twenty firemen fought the flames until the morning. The cause is not known.
        """,
    ),
    (
        """
        House burns in Talby, two hurt
        Two people were hurt when a house in Talby caught fire on Tuesday morning.
        The fire brigade brought them out with a ladder. The cause is being examined.
        """,
        """
        Two hurt in house fire in Kirnau
        A house in Kirnau caught fire on Tuesday morning, and two people were hurt.
        The fire brigade used a ladder. The police are examining the cause.
        """,
    ),
    (
        """
        Storm cuts power in Halvik
        A storm cut the power to two thousand homes in Halvik on Friday night.
        Trees fell on wires. The operator hopes to restore it by noon.
        """,
        """
        Storm leaves Brenna in the dark
        A storm left three thousand homes in Brenna without power on Friday night after trees fell on the wires.
        The operator works to restore supply.
        """,
    ),
    (
        """
        Flood closes road at Ostmoor
        The river rose over its banks at Ostmoor on Thursday and closed the road to the station.
        Firemen filled sandbags, and the school was closed.
        """,
        """
        River floods cellars in Wendlau
        The river rose over its banks in Wendlau on Thursday and flooded cellars.
        Firemen filled sandbags until the night; the school stays closed.
        """,
    ),
    (
        """
        Bakery robbed in Sornau
        A man with a knife robbed a bakery in Sornau on Wednesday and fled with two hundred euros.
        Nobody was hurt. The police are looking for witnesses.
        """,
        """
        Man with knife robs kiosk in Elmhof
        A man with a knife robbed a kiosk in Elmhof on Wednesday morning and fled on a bicycle.
        The police are looking for witnesses.
        """,
    ),
    (
        """
        Tempête à Morval : des toits arrachés
        Une tempête a arraché dimanche soir les toits de deux maisons à Morval et abattu des arbres.
        Les pompiers sont intervenus toute la nuit. Personne n'a été blessé.
        """,
        """
        Tempête : des arbres abattus à Vernas
        Une tempête a abattu dimanche soir des arbres à Vernas et arraché le toit d'une école.
        Les pompiers sont intervenus jusqu'au matin. Personne n'a été blessé.
        """,
    ),
    (
        """
        Incendie d'une grange à Lussey
        Une grange a brûlé lundi dans la nuit à Lussey, ont indiqué les pompiers.
        Trente pompiers ont lutté contre les flammes. La cause est inconnue.
        """,
        """
        Une grange détruite par le feu à Brennes
        Une grange a été détruite par le feu lundi dans la nuit à Brennes.
        Vingt pompiers ont lutté contre les flammes, et la cause est inconnue.
        """,
    ),
)
"""Two events of one kind on one day, in places that no table knows."""

NAMELESS_SAME = _pairs(
    (
        """
        Storm tears roofs off in Orrskog
        A storm tore the roofs off two houses in Orrskog on Sunday evening and felled trees across the road.
        Firemen worked until the morning. Nobody was hurt.
        """,
        """
        Orrskog: roofs gone after storm
        Two houses in Orrskog lost their roofs in a storm on Sunday, and trees lie across the road.
        Nobody was hurt, said the firemen, who worked all night.
        """,
    ),
    (
        """
        Fire destroys barn near Askby
        A barn near Askby burned down on Monday night, the fire brigade said.
        Thirty firemen fought the flames. Nobody was hurt, and the cause is not known.
        """,
        """
        Askby barn burns to the ground
        Flames destroyed a barn at Askby in the night to Tuesday.
        Thirty firemen could not save it. The farmer, Jon Aske, said that no animals were in it.
        """,
    ),
    (
        """
        Storm cuts power in Halvik
        A storm cut the power to two thousand homes in Halvik on Friday night.
        Trees fell on wires. The operator hopes to restore it by noon.
        """,
        """
        Two thousand homes in Halvik without power
        Trees that a storm felled on Friday night have cut the power to two thousand homes in Halvik.
        The operator Nordkraft hopes to restore it by Saturday noon.
        """,
    ),
    (
        """
        Bakery robbed in Sornau
        A man with a knife robbed a bakery in Sornau on Wednesday and fled with two hundred euros.
        Nobody was hurt. The police are looking for witnesses.
        """,
        """
        Robber takes 200 euros from bakery
        A bakery in Sornau was robbed on Wednesday by a man with a knife.
        He took two hundred euros. The saleswoman is well, the police said.
        """,
    ),
    (
        """
        Tempête à Morval : des toits arrachés
        Une tempête a arraché dimanche soir les toits de deux maisons à Morval et abattu des arbres.
        Les pompiers sont intervenus toute la nuit. Personne n'a été blessé.
        """,
        """
        Morval : deux maisons perdent leur toit
        Deux maisons de Morval ont perdu leur toit dimanche soir dans une tempête.
        Des arbres sont tombés, et les pompiers de Morval ont travaillé toute la nuit.
        """,
    ),
)
"""One event told twice, in a place that no table knows."""
