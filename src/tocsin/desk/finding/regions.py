"""What countries are called besides: other names, regions, towns that a security desk reads of, and demonyms. Data, no rules.

The Sahel, the Maghreb, the Levant, the Caucasus and Central Asia are told more closely than the rest of the world. A line of
NAMES: ISO 3166-1 code | names in any script. One that names no country, so that no part of it does, has the code "-". RUSSIAN:
adjectives without their endings, | then names that are declined. ARABIC: adjectives (nisba) that the rule does not make. SPANISH:
demonyms, masculine.
"""

from typing import Final

NAMES: Final = """
-|Niger River;River Niger;fleuve Niger;río Níger;Gulf of Guinea;golfe de Guinée;golfo de Guinea;guinea pig;guinea pigs;guinea fowl;Jordan River;River Jordan;New Jersey;Georgia Tech;نهر النيجر;خليج غينيا;نهر الأردن;المغرب العربي;المغرب الإسلامي;بلاد المغرب;صلاة المغرب;أذان المغرب;كندا دراي
AE|United Arab Emirates;U.A.E.;Émirats;Emiratos;Sharjah;Fujairah;Ras Al Khaimah;الإمارات;الشارقة;الفجيرة;رأس الخيمة;عجمان
AF|Kandahar;Herat;Jalalabad;Kunduz;Nangarhar;Helmand;Mazar-i-Sharif;قندهار;هرات;جلال آباد;قندوز;مزار شريف
AM|Gyumri;Syunik;Kapan;Ereván;غيومري
AO|Cabinda
AZ|Nagorno-Karabakh;Haut-Karabakh;Nagorno Karabaj;Artsakh;Nakhchivan;Nakhitchevan;Sumgait;Stepanakert;Khankendi;قره باغ;ناغورني قره باغ;ناخيتشيفان
BA|Bosnia;Bosnie;Republika Srpska;البوسنة
BF|Burkina;Djibo;Dori;Bobo-Dioulasso;Fada N'Gourma;Ouahigouya;Uagadugú;بوركينا;بوبو ديولاسو;جيبو
BJ|Alibori;Parakou;Malanville;باراكو
CD|ДР Конго;ДРК;Демократическая Республика Конго;Демократической Республики Конго;Демократической Республике Конго;Democratic Republic of the Congo;Democratic Republic of Congo;DR Congo;D.R. Congo;DRC;République démocratique du Congo;RDC;RD Congo;República Democrática del Congo;Congo-Kinshasa;Kivu;North Kivu;South Kivu;Nord-Kivu;Sud-Kivu;Ituri;Bukavu;Bunia;Katanga;الكونغو الديمقراطية;جمهورية الكونغو الديمقراطية;كيفو;غوما;بوكافو
CF|Central African Republic;Centrafrique;République centrafricaine;República Centroafricana;Bambari;Birao;جمهورية أفريقيا الوسطى;أفريقيا الوسطى
CG|Republic of the Congo;Republic of Congo;Congo-Brazzaville;République du Congo
CI|Ivory Coast;Côte d'Ivoire;Cote d'Ivoire;Costa de Marfil;Bouaké;Korhogo;كوت ديفوار
CM|Maroua;Kousséri;Bamenda;Buea;ماروا;دوالا
CN|PRC;Xinjiang;Tibet;Hunan;Shenzhen;Guangzhou;الصين الشعبية;شينجيانغ
CZ|Czech Republic;République tchèque;República Checa;جمهورية التشيك
DE|Hamburg;Munich;Frankfurt;Cologne;Múnich;هامبورغ;ميونيخ
DZ|Tamanrasset;Tlemcen;Constantine;Annaba;Tébessa;Tindouf;Béjaïa;Tizi Ouzou;Bordj Badji Mokhtar;Illizi;Ghardaïa;Ouargla;Sétif;Kabylie;Kabylia;Argel;Orán;تمنراست;تلمسان;قسنطينة;عنابة;تبسة;تندوف;بجاية;تيزي وزو;برج باجي مختار;إليزي;غرداية;ورقلة;سطيف
EG|Sinai;Sinaï;Sinaí;Arish;Port Said;Suez;Ismailia;Giza;Luxor;Aswan;El Cairo;سيناء;العريش;بورسعيد;السويس;الإسماعيلية;الجيزة;الأقصر;أسوان
EH|Western Sahara;Sahara occidental;Sáhara Occidental;Laayoune;Laâyoune;الصحراء الغربية;العيون
ER|Massawa;Assab
ES|Ceuta;Melilla;Algeciras;Algésiras;Canary Islands;Canarias;Canaries;Catalonia;Catalogne;Cataluña;Andalucía;Valencia;Sevilla;سبتة;مليلية;الجزيرة الخضراء;جزر الكناري
ET|Tigray;Tigré;Amhara;Oromia;Mekelle;تيغراي;أمهرة;أوروميا
FR|Élysée;Matignon;Quai d'Orsay;Corsica;Corse;Toulouse;Bordeaux;Lille;Strasbourg;Le Havre;París;Lyon;الإليزيه;ليون;تولوز
GB|Great Britain;Grande-Bretagne;Gran Bretaña;Northern Ireland;Irlande du Nord;Belfast;Downing Street;Manchester;Birmingham;المملكة المتحدة
GE|Abkhazia;Abkhazie;Abjasia;South Ossetia;Ossétie du Sud;Osetia del Sur;Batumi;Kutaisi;Poti;Zugdidi;Adjara;Sukhumi;Tskhinvali;أبخازيا;أوسيتيا الجنوبية;باتومي
GN|Nzérékoré;Kankan
GQ|Equatorial Guinea;Guinée équatoriale;Guinea Ecuatorial;Bata;غينيا الاستوائية
GW|Guinea-Bissau;Guinée-Bissau;Guinea-Bisáu;Bissau;غينيا بيساو
HT|Port-au-Prince;Cap-Haïtien;Puerto Príncipe;بورت أو برنس
IL|Tel Aviv;Haifa;Jerusalem;Jérusalem;Jerusalén;Negev;تل أبيب;حيفا;القدس
IN|Kashmir;Punjab;Manipur;Hyderabad;كشمير
IQ|Mosul;Mossoul;Erbil;Arbil;Kirkuk;Kirkouk;Basra;Bassora;Anbar;Fallujah;Sulaymaniyah;Najaf;Iraqi Kurdistan;Bagdad;الموصل;أربيل;كركوك;البصرة;الأنبار;الفلوجة;السليمانية;النجف;كربلاء;ديالى
IR|Bandar Abbas;Isfahan;Ispahan;Mashhad;Shiraz;Tabriz;Natanz;Bushehr;Teherán;بندر عباس;أصفهان;مشهد;شيراز;تبريز;نطنز;بوشهر
IT|Lampedusa;Sicily;Sicile;Sicilia;Calabria;Calabre;Palermo;Turin;لامبيدوزا;صقلية
JO|Zarqa;Irbid;Aqaba;Mafraq;Amán;إربد;الزرقاء;العقبة;المفرق;معان
KE|Garissa;Lamu;Mandera;Wajir;مومباسا
KG|Kyrgyzstan;Kirghizistan;Kirguistán;Osh;Batken;Jalal-Abad;Issyk-Kul;بيشكيك;باتكين
KP|Северная Корея;Северной Кореи;Северной Корее;Северную Корею;КНДР;DPRK;D.P.R.K.;RPDC
KR|Южная Корея;Южной Кореи;Южной Корее;Южную Корею;Южной Кореей;Republic of Korea;République de Corée;República de Corea
KZ|Shymkent;Aktau;Aktobe;Atyrau;Karaganda;Baikonur;Baïkonour;Semey;ألماتي;آستانا;شيمكنت
LB|Bekaa;Beqaa;Sidon;Saida;Baalbek;Nabatieh;Hermel;البقاع;صيدا;بعلبك;النبطية;الهرمل;الضاحية الجنوبية
LY|Misrata;Sabha;Sebha;Sirte;Derna;Tobruk;Zuwara;Zawiya;Sabratha;Kufra;Ghat;Tripolitania;Fezzan;Cyrenaica;Trípoli;Misurata;مصراتة;سبها;سرت;درنة;طبرق;زوارة;الزاوية الغربية;صبراتة;الكفرة;غدامس
MA|Nador;Oujda;Tetouan;Tétouan;Tangiers;Agadir;Dakhla;Fès;Meknès;Essaouira;Al Hoceima;Kénitra;Tánger;Marrakech;Rif;الناظور;وجدة;تطوان;أكادير;الداخلة المغربية;فاس;مكناس;الحسيمة;القنيطرة;سلا
ML|Malí;Kidal;Menaka;Ménaka;Mopti;Ségou;Kayes;Sikasso;Tinzaouaten;Tessalit;Ansongo;Djenné;Douentza;Azawad;كيدال;تمبكتو;ميناكا;موبتي;سيغو;تينزاوتين;أزواد
MM|Myanmar;Burma;Birmanie;Birmania;Rakhine;Mandalay;ميانمار;بورما
MR|Nouadhibou;Zouérate;Kaédi;Nema;Nuakchot;نواذيبو;الزويرات;النعمة الموريتانية
MX|Sinaloa;Culiacán;Culiacan;Michoacán;Jalisco;Guerrero state;Ciudad Juárez;Ciudad de México;Tamaulipas;Monterrey;Sonora
MZ|Pemba;Palma district;Nampula
NE|Níger;Tillabéri;Tillaberi;Tillabery;Tahoua;Diffa;Zinder;Maradi;Arlit;Bosso;Ayorou;Torodi;تيلابيري;طاوة;ديفا;زيندر;مارادي;أغاديز;أرليت
NG|Nigéria;Nigeria;Niger State;Niger Delta;delta du Niger;delta del Níger;Borno;Maiduguri;Kaduna;Zamfara;Katsina;Sokoto;Yobe;Adamawa;Kano;Kebbi;Benue;Jos;Port Harcourt;ولاية النيجر;دلتا النيجر;مايدوغوري;بورنو;كادونا;زامفارا;كانو;سوكوتو;كاتسينا
PA|Colón
PH|Mindanao;Sulu;Jolo;Marawi;Zamboanga
PK|Balochistan;Baluchistan;Baloutchistan;Khyber Pakhtunkhwa;Waziristan;Quetta;Rawalpindi;Punjab province;بلوشستان;كويتا;بيشاور;وزيرستان
PS|West Bank;Cisjordanie;Cisjordania;Gaza Strip;Rafah;Khan Younis;Jenin;Jénine;Nablus;Naplouse;Hebron;Hébron;Tulkarm;فلسطين;الضفة الغربية;قطاع غزة;رفح;خان يونس;جنين;نابلس;الخليل;طولكرم
RE|La Réunion;île de la Réunion;isla de Reunión;لا ريونيون
RU|Chechnya;Tchétchénie;Chechenia;Chechen;Chechens;Dagestan;Daghestan;Daguestán;Ingushetia;Ingouchie;North Ossetia;Ossétie du Nord;Kabardino-Balkaria;Makhachkala;Grozny;Nazran;Belgorod;Kursk;Crocus City;Saint Petersburg;Saint-Pétersbourg;San Petersburgo;Moscú;الشيشان;داغستان;إنغوشيا;غروزني;سانت بطرسبرغ
SA|Saudi Arabia;Arabie saoudite;Arabia Saudita;Dammam;Dhahran;Abqaiq;Medina;السعودية;الدمام;الظهران;المدينة المنورة;مكة المكرمة
SD|Darfur;Darfour;El Fasher;El-Fasher;Al-Fashir;El Geneina;Nyala;Kordofan;Omdurman;Kassala;Jartum;دارفور;الفاشر;الجنينة;نيالا;كردفان;أم درمان;كسلا;بورتسودان
SN|Casamance;Ziguinchor;Kédougou;كازامانس
SO|Puntland;Kismayo;Jubaland;Somaliland;Galmudug;Bosaso;بونتلاند;أرض الصومال;كيسمايو;جوبالاند;بوصاصو
SS|Южный Судан;Южного Судана;Южном Судане;Южному Судану;South Sudan;Soudan du Sud;Sudán del Sur;Malakal;Nasir County;جنوب السودان;ملكال
SY|Deir ez-Zor;Deir Ezzor;Raqqa;Rakka;Idlib;Homs;Hama;Latakia;Lattaquié;Tartus;Daraa;Sweida;Suwayda;Qamishli;Hasakah;Al-Hol;al-Tanf;Damasco;Alepo;دير الزور;الرقة;إدلب;حمص;حماة السورية;اللاذقية;طرطوس;درعا;السويداء;القامشلي;الحسكة;الهول
TD|Tchad;N'Djaména;Abéché;Adré;Adre;Mao district;Faya-Largeau;Tibesti;Yamena;أبشي;أدري;تيبستي
TG|Savanes region;Dapaong;Kpendjal
TJ|Tajikistan;Tadjikistan;Tayikistán;Khujand;Gorno-Badakhshan;Badakhshan;Khorog;دوشنبه;بدخشان
TM|Turkmenistan;Turkménistan;Turkmenistán;Ashkhabad;عشق آباد
TN|Kasserine;Gafsa;Sousse;Médenine;Ben Guerdane;Ben Gardane;Tataouine;Kef;Jendouba;Ras Jedir;Djerba;Zarzis;La Goulette;Chaambi;القصرين;قفصة;سوسة;مدنين;بن قردان;بنقردان;تطاوين;جندوبة;رأس جدير;جربة;جرجيس;بنزرت;حلق الوادي;الشعانبي
TR|Türkiye;Diyarbakir;Diyarbakır;Gaziantep;Hatay;Izmir;Adana;Mersin;Şırnak;Hakkari;Estambul;غازي عنتاب;ديار بكر;هاتاي;إزمير;أضنة;مرسين
TW|Taiwan Strait;مضيق تايوان
UA|Kharkiv;Kherson;Donetsk;Luhansk;Mariupol;Zaporizhzhia;Crimea;Crimée;Crimea;Lviv;Dnipro;خاركيف;خيرسون;دونيتسك;القرم;ماريوبول
US|Соединенные Штаты;Соединенных Штатов;Соединенных Штатах;Соединенным Штатам;U.S.;U.S.A.;United States of America;EE.UU.;EEUU;EE. UU.;Chicago;Boston;Houston;Miami;San Francisco;Seattle;Philadelphia;Florida;Ohio;Virginia;Maryland;Illinois;Michigan;Pennsylvania;New Mexico;New Orleans;Washington State;Nueva York;الولايات المتحدة;أمريكا;أميركا;شيكاغو;فلوريدا;تكساس;كاليفورنيا
UZ|Uzbekistan;Ouzbékistan;Uzbekistán;Samarkand;Samarcande;Bukhara;Fergana;Ferghana;Namangan;Nukus;Karakalpakstan;سمرقند;بخارى;فرغانة
VA|Holy See;Saint-Siège;Santa Sede;Vatican;Vaticano;الكرسي الرسولي
XK|Mitrovica;Zvecan;Zvečan
YE|Marib;Taiz;Taëz;Hadramawt;Mukalla;Saada;Bab el-Mandeb;Bab al-Mandab;Bab-el-Mandeb;Socotra;Hodeida;مأرب;تعز;حضرموت;المكلا;صعدة;باب المندب;سقطرى;الحوثي;الحوثيون;الحوثيين
ZA|Gauteng;KwaZulu-Natal;Soweto
"""

RUSSIAN: Final = """
AE эмиратск|эмираты
AF афганск|кабул кандагар герат
AM армянск|ереван гюмри
AZ азербайджанск карабахск|баку карабах нахичевань ганджа сумгаит
BE бельгийск|брюссель
BF буркинийск|уагадугу
BG болгарск|софия
BY белорусск|белоруссия беларусь минск гродно брест
CD|киншаса гома киву
CF центральноафриканск|цар банги
CI ивуарийск|абиджан
CN китайск|китай пекин шанхай синьцзян
CZ чешск|чехия прага
DE немецк германск фрг|берлин мюнхен гамбург
DK датск|копенгаген
DZ алжирск|таманрассет оран
EE эстонск|таллин
EG египетск|каир синай александрия
ES испанск|мадрид барселона
FI финск финляндск|хельсинки
FR французск|париж марсель
GB британск английск|лондон британия англия шотландия
GE грузинск абхазск южноосетинск|тбилиси батуми абхазия сухуми цхинвали
GR греческ|афины
HR хорватск|загреб
HU венгерск|будапешт
IL израильск|тель-авив хайфа иерусалим
IN индийск|дели мумбаи кашмир
IQ иракск|багдад мосул киркук эрбиль
IR иранск|тегеран исфахан
IT итальянск|рим милан лампедуза сицилия
JO иорданск|амман
JP японск|токио
KG киргизск кыргызск|киргизия кыргызстан бишкек ош баткен
KP северокорейск|пхеньян
KR южнокорейск|сеул
KZ казахстанск казахск|астана алматы алма-ата шымкент актау атырау караганда байконур
LB ливанск|бейрут бекаа
LT литовск|вильнюс
LV латвийск|рига
LY ливийск|триполи бенгази мисурата
MA марокканск|рабат касабланка танжер
MD молдавск молдовск приднестровск|молдавия кишинев приднестровье
ML малийск|бамако кидаль тимбукту
MM мьянманск|бирма янгон
MN монгольск|улан-батор
MR мавританск|нуакшот
NE нигерск|ниамей агадес
NG нигерийск|абуджа лагос борно
NL нидерландск голландск|голландия амстердам роттердам гаага
NO норвежск|осло
OM оманск|маскат
PK пакистанск|исламабад карачи пешавар белуджистан
PL польск|варшава гданьск
PS палестинск|газа палестина рамалла рафах
RO румынск|бухарест
RS сербск|белград
RU российск чеченск дагестанск ингушск|москва петербург санкт-петербург дагестан чечня ингушетия махачкала грозный белгород курск кремль татарстан башкирия крым
SA саудовск|эр-рияд джидда
SD суданск|хартум дарфур
SE шведск|стокгольм
SN сенегальск|дакар
SO сомалийск|могадишо пунтленд
SS южносуданск|джуба
SY сирийск|дамаск алеппо идлиб хомс ракка латакия
TD чадск|чад нджамена
TJ таджикск таджикистанск|душанбе худжанд бадахшан хорог
TM туркменск|туркмения ашхабад
TN тунисск|бизерта
TR турецк|анкара стамбул измир газиантеп
UA украинск|киев харьков одесса донецк херсон запорожье львов
US американск|сша вашингтон нью-йорк калифорния техас пентагон
UZ узбекск узбекистанск|ташкент самарканд бухара фергана наманган
VN вьетнамск|ханой
YE йеменск хуситск|сана аден ходейда
"""

ARABIC: Final = """
AE إماراتي|AM أرمني|AO أنغولي|AT نمساوي|AZ أذربيجاني أذري|BA بوسني|BF بوركيني|BG بلغاري|BY بيلاروسي|CD كونغولي|CI إيفواري|CM كاميروني|CZ تشيكي|DK دنماركي
EG مصري|ES إسباني|FI فنلندي|GA غابوني|GB بريطاني إنجليزي|GE جورجي|GH غاني|GR يوناني|HR كرواتي|HU مجري|IE أيرلندي|IL إسرائيلي|IN هندي|IT إيطالي|JP ياباني
KG قيرغيزي قرغيزي|KE كيني|KP كوري-شمالي|KR كوري-جنوبي|KZ كازاخي كازاخستاني|LB لبناني|LY ليبي|MA مغربي|MD مولدوفي|MM بورمي|MR موريتاني|NE نيجري|NG نيجيري|NL هولندي
NO نرويجي|PH فلبيني|PL بولندي بولوني|PS فلسطيني|PT برتغالي|RO روماني|RS صربي|RU روسي شيشاني داغستاني|SA سعودي|SD سوداني|SE سويدي|SN سنغالي|SO صومالي|SS جنوب-سوداني|SY سوري|TD تشادي
TJ طاجيكي|TM تركماني|TN تونسي|TR تركي|UA أوكراني|US أمريكي أميركي|UZ أوزبكي|VN فيتنامي|XK كوسوفي|YE يمني
"""

SPANISH: Final = """
AE emiratí|AF afgano|AL albanés|AM armenio|AR argentino|AT austriaco|AU australiano|AZ azerí azerbaiyano|BA bosnio|BD bangladesí|BF burkinés|BG búlgaro|BO boliviano|BR brasileño|BY bielorruso|CA canadiense|CD congoleño
CF centroafricano|CH suizo|CI marfileño|CL chileno|CM camerunés|CN chino|CO colombiano|CR costarricense|CU cubano|CY chipriota|CZ checo|DE alemán|DK danés|DO dominicano|DZ argelino|EC ecuatoriano|EE estonio|EG egipcio|ES español
ET etíope|FI finlandés|FR francés|GB británico inglés escocés|GE georgiano|GH ghanés|GR griego|GT guatemalteco|HN hondureño|HR croata|HT haitiano|HU húngaro|ID indonesio|IE irlandés|IL israelí|IN indio|IQ iraquí|IR iraní|IT italiano|JO jordano
JP japonés|KE keniano|KG kirguís|KP norcoreano|KR surcoreano|KW kuwaití|KZ kazajo|LB libanés|LT lituano|LV letón|LY libio|MA marroquí|MD moldavo|ML maliense|MR mauritano|MX mexicano|MZ mozambiqueño|NE nigerino|NG nigeriano
NI nicaragüense|NL neerlandés holandés|NO noruego|OM omaní|PA panameño|PE peruano|PH filipino|PK pakistaní|PL polaco|PS palestino|PT portugués|PY paraguayo|QA catarí|RO rumano|RS serbio|RU ruso checheno|SA saudí|SD sudanés|SE sueco
SN senegalés|SO somalí|SV salvadoreño|SY sirio|TD chadiano|TH tailandés|TJ tayiko|TM turkmeno|TN tunecino|TR turco|UA ucraniano|US estadounidense norteamericano|UY uruguayo|UZ uzbeko|VE venezolano|VN vietnamita|YE yemení|ZA sudafricano
"""
