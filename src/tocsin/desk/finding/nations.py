"""Countries as people write them beside their names: demonyms and capitals in English, French and Arabic. Data, no rules.

A line: ISO 3166-1 code | English demonyms | French demonyms, without their endings | capitals in English, French, Arabic.
The names themselves come from CLDR. What is a common word or a common name as well is marked in places.py.
"""

from typing import Final

TABLE: Final = """
AE|Emirati Emiratis UAE|émirati|Abu Dhabi;Dubai;Abou Dhabi;Dubaï;أبوظبي;أبو ظبي;دبي
AF|Afghan Afghans|afghan|Kabul;Kaboul;كابول;كابل
AL|Albanian Albanians|albanais|Tirana;تيرانا
AM|Armenian Armenians|arménien|Yerevan;Erevan;يريفان
AO|Angolan Angolans|angolais|Luanda;لواندا
AR|Argentine Argentinian Argentinians|argentin|Buenos Aires;بوينس آيرس
AT|Austrian Austrians|autrichien|Vienna;Vienne;فيينا
AU|Australian Australians|australien|Canberra;Sydney;Melbourne;كانبيرا;سيدني
AZ|Azerbaijani Azerbaijanis Azeri|azerbaïdjanais azéri|Baku;Bakou;باكو
BA|Bosnian Bosnians|bosnien bosniaque|Sarajevo;سراييفو
BD|Bangladeshi Bangladeshis|bangladais|Dhaka;Dacca;دكا
BE|Belgian Belgians|belge|Brussels;Bruxelles;بروكسل
BF|Burkinabe Burkinabé|burkinabè burkinabé|Ouagadougou;واغادوغو
BG|Bulgarian Bulgarians|bulgare|Sofia;صوفيا
BH|Bahraini Bahrainis|bahreïni|Manama;المنامة
BI|Burundian Burundians|burundais|Bujumbura;Gitega;بوجمبورا
BJ|Beninese|béninois|Porto-Novo;Cotonou;كوتونو
BO|Bolivian Bolivians|bolivien|La Paz;لاباز
BR|Brazilian Brazilians|brésilien|Brasília;Brasilia;São Paulo;Rio de Janeiro;برازيليا
BW|Botswanan|botswanais|Gaborone;غابورون
BY|Belarusian Belarusians|biélorusse bélarusse|Minsk;مينسك
CA|Canadian Canadians|canadien|Ottawa;Toronto;Montréal;أوتاوا
CD|Congolese|congolais|Kinshasa;Goma;كينشاسا
CF|Central African|centrafricain|Bangui;بانغي
CG||brazzavillois|Brazzaville;برازافيل
CH|Swiss|suisse helvétique|Bern;Geneva;Zurich;Berne;Genève;جنيف;برن
CI|Ivorian Ivorians|ivoirien|Yamoussoukro;Abidjan;أبيدجان
CL|Chilean Chileans|chilien|سانتياغو
CM|Cameroonian Cameroonians|camerounais|Yaoundé;Yaounde;Douala;ياوندي
CN|Chinese|chinois|Beijing;Shanghai;Pékin;بكين
CO|Colombian Colombians|colombien|Bogotá;Bogota;بوغوتا
CR|Costa Rican|costaricain costaricien|San José
CU|Cuban Cubans|cubain|Havana;La Havane;هافانا
CV|Cape Verdean|cap-verdien|Praia
CY|Cypriot Cypriots|chypriote|Nicosia;Limassol;Nicosie;نيقوسيا
CZ|Czech Czechs|tchèque|Prague;براغ
DE|German Germans|allemand|Berlin;برلين
DJ|Djiboutian|djiboutien|
DK|Danish Dane Danes|danois|Copenhagen;Copenhague;كوبنهاغن
DO|Dominican Republic's|dominicain|Santo Domingo;Saint-Domingue
DZ|Algerian Algerians|algérien|Algiers;Alger;Oran;الجزائر العاصمة;وهران
EC|Ecuadorian Ecuadorean Ecuadorians|équatorien|Quito;Guayaquil;كيتو
EE|Estonian Estonians|estonien|Tallinn;تالين
EG|Egyptian Egyptians|égyptien|Cairo;Alexandria;Le Caire;Alexandrie;القاهرة;الإسكندرية
ER|Eritrean Eritreans|érythréen|Asmara;أسمرة
ES|Spanish Spaniard Spaniards|espagnol|Madrid;Barcelona;Barcelone;مدريد;برشلونة
ET|Ethiopian Ethiopians|éthiopien|Addis Ababa;Addis-Abeba;أديس أبابا
FI|Finnish Finn Finns|finlandais|Helsinki;هلسنكي
FJ|Fijian|fidjien|Suva
FR|French Frenchman Frenchmen|français|Paris;Marseille;Lyon;باريس;مرسيليا
GA|Gabonese|gabonais|Libreville;ليبرفيل
GB|British Briton Britons UK U.K.|britannique anglais écossais|London;Londres;Scotland;England;Wales;Angleterre;Écosse;لندن;بريطانيا;إنجلترا
GE|Georgian Georgians|géorgien|Tbilisi;Tbilissi;تبليسي
GH|Ghanaian Ghanaians|ghanéen|Accra;أكرا
GM|Gambian Gambians|gambien|Banjul
GN||guinéen|Conakry;كوناكري
GQ||équato-guinéen|Malabo
GR|Greek Greeks Hellenic|grec|Athens;Piraeus;Thessaloniki;Athènes;Le Pirée;أثينا
GT|Guatemalan Guatemalans|guatémaltèque|Guatemala City
GW||bissau-guinéen|Bissau;بيساو
GY|Guyanese|guyanien|Georgetown
HN|Honduran Hondurans|hondurien|Tegucigalpa
HR|Croatian Croat Croats|croate|Zagreb;زغرب
HT|Haitian Haitians|haïtien|Port-au-Prince;بورت أو برنس
HU|Hungarian Hungarians|hongrois|Budapest;بودابست
ID|Indonesian Indonesians|indonésien|Jakarta;Bali;Djakarta;جاكرتا
IE|Irish|irlandais|Dublin;دبلن
IL|Israeli Israelis|israélien|Tel Aviv;Haifa;Tel-Aviv;Haïfa;تل أبيب;حيفا
IN|Indian Indians|indien|New Delhi;Mumbai;Delhi;Bombay;نيودلهي;مومباي
IQ|Iraqi Iraqis|irakien iraquien|Baghdad;Mosul;Basra;Bagdad;Mossoul;Bassora;بغداد;الموصل;البصرة
IR|Iranian Iranians|iranien|Tehran;Teheran;Téhéran;طهران
IS|Icelandic Icelander Icelanders|islandais|Reykjavik;ريكيافيك
IT|Italian Italians|italien|Rome;Milan;Naples;Genoa;Gênes;روما;ميلانو
JM|Jamaican Jamaicans|jamaïcain|
JO|Jordanian Jordanians|jordanien|Amman
JP|Japanese|japonais|Tokyo;Osaka;طوكيو
KE|Kenyan Kenyans|kényan kenyan|Nairobi;Mombasa;نيروبي
KG|Kyrgyz|kirghize|Bishkek;Bichkek
KH|Cambodian Cambodians|cambodgien|Phnom Penh;بنوم بنه
KM|Comorian|comorien|Moroni
KP|North Korean North Koreans DPRK|nord-coréen|Pyongyang;بيونغ يانغ
KR|South Korean South Koreans|sud-coréen|Seoul;Busan;Séoul;سيول
KW|Kuwaiti Kuwaitis|koweïtien|Kuwait City
KZ|Kazakh Kazakhs Kazakhstani|kazakh|Astana;Almaty;أستانا
LA|Lao Laotian|laotien|Vientiane
LB|Lebanese|libanais|Beirut;Beyrouth;بيروت
LK|Sri Lankan Sri Lankans|sri-lankais|Colombo;كولومبو
LR|Liberian Liberians|libérien|Monrovia;مونروفيا
LS||lésothien|Maseru
LT|Lithuanian Lithuanians|lituanien|Vilnius;فيلنيوس
LU|Luxembourgish|luxembourgeois|
LV|Latvian Latvians|letton|Riga;ريغا
LY|Libyan Libyans|libyen|Tripoli;Benghazi;طرابلس;بنغازي
MA|Moroccan Moroccans|marocain|Rabat;Casablanca;Tangier;Marrakech;Tanger;الرباط;الدار البيضاء;طنجة;مراكش
MD|Moldovan Moldovans|moldave|Chisinau;Chișinău;كيشيناو
ME|Montenegrin Montenegrins|monténégrin|Podgorica
MG|Malagasy|malgache|Antananarivo;Tananarive
MK|Macedonian Macedonians|macédonien|Skopje
ML|Malian Malians|malien|Bamako;Timbuktu;Gao;Tombouctou;باماكو
MM|Burmese|birman|Yangon;Naypyidaw;Rangoun
MN|Mongolian Mongolians|mongol|Ulaanbaatar;Oulan-Bator
MR|Mauritanian Mauritanians|mauritanien|Nouakchott;نواكشوط
MT|Maltese|maltais|Valletta;La Valette;فاليتا
MU|Mauritian|mauricien|Port Louis
MV|Maldivian|maldivien|
MW|Malawian|malawien|Lilongwe
MX|Mexican Mexicans|mexicain|Mexico City;Tijuana;مكسيكو سيتي
MY|Malaysian Malaysians|malaisien|Kuala Lumpur;كوالالمبور
MZ|Mozambican Mozambicans|mozambicain|Maputo;Cabo Delgado;مابوتو
NA|Namibian Namibians|namibien|Windhoek
NE|Nigerien Nigeriens|nigérien|Niamey;Agadez;نيامي
NG|Nigerian Nigerians|nigérian|Abuja;Lagos;أبوجا;لاغوس
NI|Nicaraguan Nicaraguans|nicaraguayen|Managua
NL|Dutch|néerlandais|Amsterdam;Rotterdam;The Hague;La Haye;أمستردام;روتردام;لاهاي
NO|Norwegian Norwegians|norvégien|Oslo;أوسلو
NP|Nepalese Nepali|népalais|Kathmandu;Katmandou;كاتماندو
NZ|New Zealander New Zealanders|néo-zélandais|Christchurch;Auckland
OM|Omani Omanis|omanais|Muscat;Mascate;مسقط
PA|Panamanian Panamanians|panaméen|Panama City
PE|Peruvian Peruvians|péruvien|ليما
PG|Papua New Guinean|papouasien|Port Moresby
PH|Filipino Filipinos Philippine|philippin|Manila;Manille;مانيلا
PK|Pakistani Pakistanis|pakistanais|Islamabad;Karachi;Lahore;Peshawar;إسلام آباد;كراتشي
PL|Polish Pole Poles|polonais|Warsaw;Gdansk;Varsovie;وارسو
PS|Palestinian Palestinians|palestinien|Gaza;Ramallah;غزة;رام الله
PT|Portuguese|portugais|Lisbon;Lisbonne;لشبونة
PY|Paraguayan Paraguayans|paraguayen|Asunción;Asuncion
QA|Qatari Qataris|qatari qatarien|Doha;الدوحة
RO|Romanian Romanians|roumain|Bucharest;Constanta;Bucarest;بوخارست
RS|Serbian Serb Serbs|serbe|Belgrade;بلغراد
RU|Russian Russians|russe|Moscow;Kremlin;Moscou;St. Petersburg;موسكو;الكرملين
RW|Rwandan Rwandans|rwandais|Kigali;كيغالي
SA|Saudi Saudis|saoudien|Riyadh;Jeddah;Riyad;Djeddah;الرياض;جدة;مكة
SC|Seychellois|seychellois|
SD|Sudanese|soudanais|Khartoum;Port Sudan;الخرطوم
SE|Swedish Swede Swedes|suédois|Stockholm;Göteborg;ستوكهولم
HK||hongkongais|Hong Kong;هونغ كونغ
SG|Singaporean Singaporeans|singapourien|
SI|Slovenian Slovene Slovenes|slovène|Ljubljana
SK|Slovak Slovaks|slovaque|Bratislava;براتيسلافا
SL|Sierra Leonean|sierra-léonais|Freetown
SN|Senegalese|sénégalais|Dakar;داكار
SO|Somali Somalis Somalian|somalien|Mogadishu;Mogadiscio;مقديشو
SR|Surinamese|surinamais|Paramaribo
SS|South Sudanese|sud-soudanais|Juba;Djouba;جوبا
SV|Salvadoran Salvadorans|salvadorien|San Salvador
SY|Syrian Syrians|syrien|Damascus;Aleppo;Damas;Alep;دمشق;حلب
SZ|Swazi|swazi|Mbabane
TD|Chadian Chadians|tchadien|N'Djamena;Ndjamena;نجامينا
TG|Togolese|togolais|Lomé;Lome;لومي
TH|Thai Thais|thaïlandais|Bangkok;بانكوك
TJ|Tajik Tajiks|tadjik|Dushanbe;Douchanbé
TM|Turkmen|turkmène|Ashgabat;Achgabat
TN|Tunisian Tunisians|tunisien|Sfax;Bizerte;صفاقس
TR|Turkish Turk Turks Turkey|turc turque|Ankara;Istanbul;أنقرة;إسطنبول
TT|Trinidadian|trinidadien|Port of Spain
TW|Taiwanese|taïwanais|Taipei;تايبيه
TZ|Tanzanian Tanzanians|tanzanien|Dodoma;Dar es Salaam;دار السلام
UA|Ukrainian Ukrainians|ukrainien|Kyiv;Kiev;Odesa;Odessa;كييف;أوديسا
UG|Ugandan Ugandans|ougandais|Kampala;كمبالا
US|American Americans U.S. USA U.S.A.|américain états-unien|Washington;New York;Los Angeles;Pentagon;White House;Alaska;California;Texas;واشنطن;نيويورك;البنتاغون;البيت الأبيض
UY|Uruguayan Uruguayans|uruguayen|Montevideo
UZ|Uzbek Uzbeks|ouzbek|Tashkent;Tachkent;طشقند
VE|Venezuelan Venezuelans|vénézuélien|Caracas;كاراكاس
VN|Vietnamese|vietnamien|Hanoi;Ho Chi Minh City;Hanoï;هانوي
XK|Kosovar Kosovars|kosovar|Pristina
YE|Yemeni Yemenis Houthi Houthis|yéménite|Sanaa;Sana'a;Aden;Hodeidah;صنعاء;عدن;الحديدة
ZA|South African South Africans|sud-africain|Pretoria;Johannesburg;Cape Town;Durban;Le Cap;بريتوريا;جوهانسبرغ
ZM|Zambian Zambians|zambien|Lusaka
ZW|Zimbabwean Zimbabweans|zimbabwéen|Harare;هراري
"""
