"""Capitals, demonyms and other names of countries, by ISO 3166-1 alpha-2. CLDR has the countries' own names."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": """
US United States of America|U.S.|U.S.A.|USA|US|America|Washington D.C.
GB Britain|Great Britain|U.K.|UK|England|Scotland|Wales|Northern Ireland
AE UAE|Emirates
CD DR Congo|DRC|Democratic Republic of the Congo|Democratic Republic of Congo
CG Republic of the Congo|Republic of Congo
CI Ivory Coast
CZ Czech Republic
KR South Korea|Republic of Korea
KP North Korea|DPRK
MM Burma
PS Palestine|Gaza|West Bank|Gaza Strip
RU Russian Federation
TL East Timor
TR Turkey|Türkiye
CV Cape Verde
SZ Swaziland
SY Syrian Arab Republic
IR Islamic Republic of Iran
MD Republic of Moldova
MK Macedonia
TW Chinese Taipei
VA Holy See|Vatican
BA Bosnia
EH Western Sahara
HK Hong Kong
CN Xinjiang|Tibet
UA Crimea|Donbas
IN Kashmir
""",
        "fr": """
US États-Unis|Etats-Unis|États-Unis d'Amérique|USA|Amérique
GB Grande-Bretagne|Angleterre|Écosse|Pays de Galles|Royaume-Uni
AE Émirats|Emirats arabes unis
CD RDC|RD Congo|République démocratique du Congo
CG République du Congo
CI Côte d'Ivoire
CZ République tchèque
KR Corée du Sud
KP Corée du Nord
MM Birmanie
PS Palestine|Gaza|Cisjordanie
RU Fédération de Russie
TR Turquie
CV Cap-Vert
BA Bosnie
EH Sahara occidental
VA Vatican
BY Biélorussie
MD Moldavie
""",
        "ar": """
US أمريكا|الولايات المتحدة|الولايات المتحدة الأمريكية|الولايات المتحدة الأميركية|أميركا
GB بريطانيا|انجلترا|إنجلترا|اسكتلندا
AE الإمارات|الامارات
CD الكونغو الديمقراطية|جمهورية الكونغو الديمقراطية
CI ساحل العاج|كوت ديفوار
KR كوريا الجنوبية
KP كوريا الشمالية
PS فلسطين|غزة|قطاع غزة|الضفة الغربية
RU روسيا الاتحادية
MM بورما
VA الفاتيكان
EH الصحراء الغربية
BY بيلاروسيا
TR تركيا
CZ التشيك
BA البوسنة
SA السعودية
YE اليمن
""",
        "es": "US EE.UU.|EE. UU.|EEUU|Estados Unidos|Norteamérica\nGB Gran Bretaña|Inglaterra|Escocia|Gales\nCI Costa de Marfil\nPS Palestina|Gaza|Cisjordania\nAE Emiratos\nEH Sáhara Occidental",
        "ru": "US США|Америка|Америки|Америке|Соединённые Штаты|Соединенные Штаты|Соединённых Штатов|Соединенных Штатов\nGB Великобритании|Британия|Британии|Англия|Англии|Шотландия|Уэльс|Уэльса|Уэльсе\nRU РФ|России|Россию|Россией\nUA Украины|Украине|Украину\nCN Китая|Китае|Китаем\nFR Франции\nDE Германии\nMA Марокко\nIR Ирана|Иране\nIL Израиля|Израиле\nSY Сирии\nTR Турции\nIN Индии\nJP Японии\nPL Польши\nIT Италии\nES Испании",
    }
)
CAPITALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "AF Kabul\nAL Tirana\nDZ Algiers\nAO Luanda\nAR Buenos Aires\nAM Yerevan\nAU Canberra|Sydney|Melbourne\nAT Vienna\nAZ Baku\nBD Dhaka\nBH Manama\nBY Minsk\nBE Brussels|Antwerp\nBF Ouagadougou\nBI Bujumbura\nBJ Cotonou\nBO La Paz\nBA Sarajevo\nBR Brasilia|Sao Paulo|Rio de Janeiro\nBG Sofia\nCM Yaounde|Douala\nCA Ottawa|Toronto|Montreal\nCF Bangui\nTD N'Djamena|Ndjamena\nCL Santiago\nCN Beijing|Shanghai\nCO Bogota|Bogotá\nCD Kinshasa|Goma\nCG Brazzaville\nHR Zagreb\nCU Havana\nCY Nicosia\nCZ Prague\nDK Copenhagen\nDJ Djibouti City\nEC Quito|Guayaquil\nEG Cairo|Alexandria\nER Asmara\nEE Tallinn\nET Addis Ababa\nFI Helsinki\nFR Paris|Marseille|Lyon\nGA Libreville\nGM Banjul\nGE Tbilisi\nDE Berlin|Munich|Hamburg|Frankfurt\nGH Accra\nGR Athens\nGN Conakry\nHT Port-au-Prince\nHU Budapest\nIN New Delhi|Delhi|Mumbai\nID Jakarta|Aceh\nIR Tehran\nIQ Baghdad|Mosul|Basra\nIE Dublin\nIL Jerusalem|Tel Aviv\nIT Rome|Milan|Naples\nCI Abidjan|Yamoussoukro\nJP Tokyo|Osaka\nJO Amman\nKZ Astana|Almaty\nKE Nairobi|Mombasa\nKW Kuwait City\nKG Bishkek\nLA Vientiane\nLV Riga\nLB Beirut\nLR Monrovia\nLY Tripoli|Benghazi\nLT Vilnius\nMG Antananarivo\nMW Lilongwe\nMY Kuala Lumpur\nML Bamako|Timbuktu|Gao\nMR Nouakchott\nMX Mexico City\nMD Chisinau\nMN Ulaanbaatar\nME Podgorica\nMA Rabat|Casablanca|Marrakech|Marrakesh|Tangier|Fez\nMZ Maputo|Cabo Delgado\nMM Naypyidaw|Yangon\nNP Kathmandu\nNL Amsterdam|The Hague|Rotterdam\nNZ Auckland\nNE Niamey|Agadez\nNG Abuja|Lagos|Maiduguri|Borno\nKP Pyongyang\nNO Oslo\nOM Muscat\nPK Islamabad|Karachi|Lahore|Peshawar\nPE Lima\nPH Manila|Mindanao\nPL Warsaw\nPT Lisbon\nQA Doha\nRO Bucharest\nRU Moscow|Kremlin|St Petersburg|Saint Petersburg\nRW Kigali\nSA Riyadh|Jeddah|Mecca\nSN Dakar\nRS Belgrade\nSL Freetown\nSK Bratislava\nSI Ljubljana\nSO Mogadishu\nZA Pretoria|Johannesburg|Cape Town\nKR Seoul\nSS Juba\nES Madrid|Barcelona\nLK Colombo\nSD Khartoum|Darfur\nSE Stockholm\nCH Bern|Geneva|Zurich\nSY Damascus|Aleppo|Idlib\nTW Taipei\nTJ Dushanbe\nTZ Dar es Salaam|Dodoma\nTH Bangkok\nTG Lome|Lomé\nTN Tunis\nTR Ankara|Istanbul\nTM Ashgabat\nUG Kampala\nUA Kyiv|Kiev|Kharkiv|Odesa\nAE Abu Dhabi|Dubai\nGB London|Manchester|Edinburgh|Belfast|Cardiff\nUS Washington|New York|Los Angeles|Chicago|Pentagon|White House\nUY Montevideo\nUZ Tashkent\nVE Caracas\nVN Hanoi\nYE Sanaa|Sana'a|Aden\nZM Lusaka\nZW Harare\nHK Kowloon",
        "fr": "AF Kaboul\nDZ Alger|Oran\nAT Vienne\nBE Bruxelles|Anvers\nBF Ouagadougou\nBJ Cotonou\nCA Ottawa|Montréal|Québec\nCD Kinshasa|Goma\nCF Bangui\nCG Brazzaville\nCH Berne|Genève\nCI Abidjan|Yamoussoukro\nCM Yaoundé|Douala\nCN Pékin|Shanghai\nCZ Prague\nDE Berlin\nDK Copenhague\nEG Le Caire\nES Madrid|Barcelone\nFR Paris|Marseille|Lyon\nGA Libreville\nGB Londres\nGN Conakry\nGR Athènes\nHT Port-au-Prince\nIL Jérusalem|Tel-Aviv\nIN New Delhi\nIQ Bagdad\nIR Téhéran\nIT Rome|Milan\nJP Tokyo\nKE Nairobi\nLB Beyrouth\nLY Tripoli|Benghazi\nMA Rabat|Casablanca|Marrakech|Tanger\nML Bamako|Tombouctou|Gao\nMR Nouakchott\nMX Mexico\nNE Niamey|Agadez\nNG Abuja|Lagos\nNL La Haye\nPL Varsovie\nPT Lisbonne\nQA Doha\nRO Bucarest\nRU Moscou|Kremlin\nSA Riyad|Djeddah\nSD Khartoum\nSE Stockholm\nSN Dakar\nSO Mogadiscio\nSY Damas|Alep\nTD N'Djamena|Ndjamena\nTG Lomé\nTN Tunis\nTR Ankara|Istanbul\nUA Kiev|Kyiv\nUS Washington|New York\nYE Sanaa|Aden\nPK Islamabad\nKR Séoul\nAE Dubaï|Abou Dhabi\nET Addis-Abeba",
        "ar": "AF كابول\nAE أبوظبي|أبو ظبي|دبي\nBE بروكسل\nBH المنامة\nCN بكين\nDE برلين\nDZ وهران\nEG القاهرة|الإسكندرية\nES مدريد|برشلونة\nET أديس أبابا\nFR باريس|مرسيليا\nGB لندن\nIL تل أبيب|القدس\nIQ بغداد|الموصل|البصرة\nIR طهران\nIT روما\nJP طوكيو\nKE نيروبي\nLB بيروت\nLY طرابلس|بنغازي\nMA الرباط|الدار البيضاء|مراكش|طنجة|فاس\nML باماكو|تمبكتو\nMR نواكشوط\nNE نيامي\nNG أبوجا|لاغوس\nOM مسقط\nPK إسلام أباد|كراتشي\nQA الدوحة\nRU موسكو|الكرملين\nSA الرياض|جدة|مكة\nSD الخرطوم|دارفور\nSN دكار\nSO مقديشو\nSY دمشق|حلب|إدلب\nTD نجامينا\nTR أنقرة|إسطنبول\nUA كييف\nUS واشنطن|نيويورك|البيت الأبيض|البنتاغون\nYE صنعاء|عدن\nCH جنيف\nIN نيودلهي\nKR سيول",
        "es": "AR Buenos Aires\nBE Bruselas\nCN Pekín\nCO Bogotá\nCU La Habana\nDE Berlín\nEC Quito|Guayaquil\nES Madrid|Barcelona|Valencia|Sevilla\nFR París\nGB Londres\nIL Jerusalén\nIT Roma\nMA Rabat|Casablanca\nMX Ciudad de México\nPE Lima\nRU Moscú|Kremlin\nUA Kiev\nUS Washington|Nueva York\nVE Caracas",
        "ru": "RU Москва|Москве|Москвы|Кремль|Новороссийск|Новороссийска\nUA Киев|Киева|Киеве\nBY Минск|Минске\nUS Вашингтон|Вашингтона|Вашингтоне|Нью-Йорк|Нью-Йорке\nGB Лондон|Лондоне|Лондона\nFR Париж|Париже|Парижа\nDE Берлин|Берлине|Берлина\nCN Пекин|Пекине|Пекина\nIR Тегеран|Тегеране\nSY Дамаск|Дамаске\nTR Анкара|Анкаре|Стамбул|Стамбуле\nMA Рабат|Рабате",
    }
)
DEMONYMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "AF Afghan|Afghans\nAL Albanian|Albanians\nDZ Algerian|Algerians\nAO Angolan\nAR Argentine|Argentinian\nAM Armenian|Armenians\nAU Australian|Australians\nAT Austrian|Austrians\nAZ Azerbaijani\nBD Bangladeshi\nBH Bahraini\nBY Belarusian|Belarusians\nBE Belgian|Belgians\nBF Burkinabe|Burkinabè\nBJ Beninese\nBO Bolivian\nBA Bosnian\nBR Brazilian|Brazilians\nBG Bulgarian\nKH Cambodian\nCM Cameroonian\nCA Canadian|Canadians\nTD Chadian|Chadians\nCL Chilean\nCN Chinese\nCO Colombian|Colombians\nCD Congolese\nHR Croatian\nCU Cuban|Cubans\nCY Cypriot\nCZ Czech|Czechs\nDK Danish\nNL Dutch\nEC Ecuadorian\nEG Egyptian|Egyptians\nER Eritrean\nEE Estonian\nET Ethiopian|Ethiopians\nPH Filipino|Philippine\nFI Finnish\nFR French\nGE Georgian|Georgians\nDE German|Germans\nGH Ghanaian\nGR Greek|Greeks\nGN Guinean\nHT Haitian|Haitians\nHU Hungarian|Hungarians\nIN Indian|Indians\nID Indonesian|Indonesians\nIR Iranian|Iranians\nIQ Iraqi|Iraqis\nIE Irish\nIL Israeli|Israelis\nIT Italian|Italians\nCI Ivorian\nJP Japanese\nJO Jordanian|Jordanians\nKZ Kazakh\nKE Kenyan|Kenyans\nKW Kuwaiti\nLV Latvian\nLB Lebanese\nLR Liberian\nLY Libyan|Libyans\nLT Lithuanian\nMY Malaysian\nML Malian|Malians\nMR Mauritanian\nMX Mexican|Mexicans\nMD Moldovan\nMA Moroccan|Moroccans\nMZ Mozambican\nMM Burmese\nNP Nepalese|Nepali\nNZ New Zealander\nNE Nigerien|Nigeriens\nNG Nigerian|Nigerians\nKP North Korean|North Koreans\nNO Norwegian|Norwegians\nOM Omani\nPK Pakistani|Pakistanis\nPS Palestinian|Palestinians\nPE Peruvian\nPL Polish\nPT Portuguese\nQA Qatari\nRO Romanian|Romanians\nRU Russian|Russians\nRW Rwandan\nSA Saudi|Saudis\nSN Senegalese\nRS Serbian|Serbs\nSG Singaporean\nSK Slovak\nSI Slovenian\nSO Somali|Somalis\nZA South African|South Africans\nKR South Korean|South Koreans\nSS South Sudanese\nES Spanish|Spaniards\nLK Sri Lankan\nSD Sudanese\nSE Swedish\nCH Swiss\nSY Syrian|Syrians\nTW Taiwanese\nTJ Tajik\nTZ Tanzanian\nTH Thai\nTG Togolese\nTN Tunisian|Tunisians\nTR Turkish|Turks\nTM Turkmen\nUG Ugandan\nUA Ukrainian|Ukrainians\nAE Emirati\nGB British|Britons|English|Scottish|Welsh\nUS American|Americans\nUY Uruguayan\nUZ Uzbek\nVE Venezuelan|Venezuelans\nVN Vietnamese\nYE Yemeni|Yemenis\nZM Zambian\nZW Zimbabwean\nEH Sahrawi|Sahrawis",
        "fr": "AF afghan|afghane|afghans\nDZ algérien|algérienne|algériens|algériennes\nDE allemand|allemande|allemands|allemandes\nUS américain|américaine|américains|américaines|étatsunien\nGB britannique|britanniques|anglais|anglaise|écossais|gallois|galloise\nAU australien|australienne|australiens\nBE belge|belges\nBY biélorusse\nBF burkinabè|burkinabé\nCA canadien|canadienne|canadiens\nCN chinois|chinoise|chinoises\nCD congolais|congolaise\nKR sud-coréen|sud-coréenne\nKP nord-coréen|nord-coréenne\nCI ivoirien|ivoirienne\nCU cubain|cubaine\nEG égyptien|égyptienne|égyptiens\nES espagnol|espagnole|espagnols\nFR français|française|françaises\nGR grec|grecque\nHT haïtien|haïtienne\nIN indien|indienne|indiens\nIR iranien|iranienne|iraniens|iraniennes\nIQ irakien|irakienne|irakiens\nIL israélien|israélienne|israéliens|israéliennes\nIT italien|italienne|italiens\nJP japonais|japonaise\nJO jordanien|jordanienne\nLB libanais|libanaise\nLY libyen|libyenne|libyens\nML malien|malienne|maliens\nMA marocain|marocaine|marocains|marocaines\nMR mauritanien|mauritanienne\nMX mexicain|mexicaine\nNE nigérien|nigérienne|nigériens\nNG nigérian|nigériane|nigérians\nPK pakistanais|pakistanaise\nPS palestinien|palestinienne|palestiniens|palestiniennes\nPL polonais|polonaise\nRU russe|russes\nSA saoudien|saoudienne|saoudiens\nSN sénégalais|sénégalaise\nSO somalien|somalienne\nSD soudanais|soudanaise\nCH suisse|suisses\nSE suédois|suédoise\nSY syrien|syrienne|syriens\nTD tchadien|tchadienne|tchadiens\nTN tunisien|tunisienne|tunisiens\nTR turc|turque|turcs\nUA ukrainien|ukrainienne|ukrainiens\nVE vénézuélien|vénézuélienne\nYE yéménite\nNL néerlandais|néerlandaise\nPT portugais|portugaise\nRS serbe\nRO roumain|roumaine\nEH sahraoui|sahraouie|sahraouis",
        "es": "US estadounidense|estadounidenses|norteamericano\nGB británico|británica|británicos|inglés|inglesa|galés|galesa\nFR francés|francesa|franceses\nDE alemán|alemana|alemanes\nRU ruso|rusa|rusos|rusas\nUA ucraniano|ucraniana|ucranianos\nCN chino|china|chinos\nES español|española|españoles\nIT italiano|italiana\nMA marroquí|marroquíes\nDZ argelino|argelina\nMX mexicano|mexicana\nCO colombiano|colombiana\nVE venezolano|venezolana\nIR iraní|iraníes\nIL israelí|israelíes\nSY sirio|siria\nTR turco|turca\nJP japonés|japonesa\nIN indio|india",
        "ru": "RU российский|российского|российской|российские|российских|россиян\nUS американский|американского|американской|американские|американских\nUA украинский|украинского|украинской|украинские|украинских\nGB британский|британского|британской|британские|британских|валлийский|валлийского|английский\nFR французский|французского|французской|французские\nDE немецкий|немецкого|германский|германского\nCN китайский|китайского|китайской|китайские\nIR иранский|иранского|иранской\nIL израильский|израильского|израильской|израильские\nSY сирийский|сирийского|сирийской\nTR турецкий|турецкого|турецкой\nMA марокканский|марокканского|марокканской",
    }
)
NISBA: Final = "MA مغرب\nDZ جزائر\nTN تونس\nLY ليب\nEG مصر\nSD سودان\nMR موريتان\nSA سعود\nYE يمن\nOM عمان\nAE إمارات\nQA قطر\nBH بحرين\nKW كويت\nIQ عراق\nSY سور\nLB لبنان\nJO أردن\nPS فلسطين\nIL إسرائيل\nIR إيران\nTR ترك\nRU روس\nUA أوكران\nUS أمريك|أميرك\nGB بريطان|إنجليز\nFR فرنس\nDE ألمان\nES إسبان\nIT إيطال\nCN صين\nIN هند\nJP يابان\nPK باكستان\nAF أفغان\nSO صومال\nNG نيجير\nSN سنغال\nTD تشاد\nBE بلجيك\nPT برتغال\nPL بولند\nSE سويد\nKR كور\nVE فنزويل\nBR برازيل\nMX مكسيك"
