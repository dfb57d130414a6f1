"""Top-level domains of names that are not defanged, and endings of files that look like names."""

from typing import Final

_COUNTRIES: Final = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz "
    "de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp "
    "ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz "
    "om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz "
    "ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_GENERIC: Final = (
    "com net org info biz edu gov mil int arpa aero asia cat coop jobs mobi museum name post pro tel travel xxx app dev page web cloud online site website store shop tech space fun "
    "top xyz club live life world today news media blog email link click download stream video live host hosting press wiki work works team group email digital agency solutions services "
    "support systems network security company center global international foundation academy institute university school bank finance money loan credit insurance legal law health care "
    "clinic hospital pharmacy men women vip win bid trade date party review science racing faith accountant cricket webcam icu cyou buzz monster rest bar cafe pub pizza kitchen fit yoga "
    "gdn loan men mom ooo pics photo photos pictures gallery design art ink studio games game casino bet poker sexy sex porn adult cam dating social chat zone run guru ninja rocks city "
    "country earth eco energy engineering equipment estate events exchange expert express farm fashion film fish fitness flights florist football forex forum fund furniture fyi garden gift "
    "gifts gives glass gmbh gold golf graphics gratis green guide guitars hair haus help hiv hockey holdings holiday homes horse house how immo industries institute investments jewelry "
    "kaufen kim land lat lease lgbt lighting limited limo llc ltd luxury maison management market marketing mba memorial miami moda moe mortgage movie nagoya nyc one onion ong onl organic "
    "paris parts partners pet photography pink place plumbing plus porn productions promo properties property protection quest recipes red rehab reise reisen rent rentals repair report "
    "republican restaurant reviews rich rip rodeo ruhr sale salon sarl sbs schule services shiksha shoes show singles ski soccer software solar soy sucks supplies supply surf surgery "
    "tatar tattoo tax taxi technology tennis theater tienda tips tires tokyo tools tours town toys training tube uno vacations ventures vegas vet viajes villas vin vision vodka vote voyage "
    "wang watch webcam wedding wien wine wtf yachts yokohama "
    "cfd bond beauty boats skin lol mom cash fans hair makeup motorcycles quest autos christmas tattoo"
)
TOP_DOMAINS: Final = frozenset((_COUNTRIES + " " + _GENERIC).split())
FILE_ENDINGS: Final = frozenset(
    [
        "zip",
        "rar",
        "7z",
        "tar",
        "gz",
        "bz2",
        "exe",
        "dll",
        "sys",
        "scr",
        "bat",
        "cmd",
        "ps1",
        "vbs",
        "vbe",
        "js",
        "jse",
        "wsf",
        "hta",
        "lnk",
        "msi",
        "msix",
        "iso",
        "img",
        "vhd",
        "jar",
        "apk",
        "elf",
        "bin",
        "dat",
        "tmp",
        "log",
        "txt",
        "csv",
        "json",
        "xml",
        "yml",
        "yaml",
        "html",
        "htm",
        "php",
        "asp",
        "aspx",
        "jsp",
        "css",
        "py",
        "rb",
        "pl",
        "sh",
        "rs",
        "go",
        "c",
        "h",
        "cpp",
        "java",
        "class",
        "so",
        "md",
        "rtf",
        "doc",
        "docx",
        "docm",
        "xls",
        "xlsx",
        "xlsm",
        "xlsb",
        "ppt",
        "pptx",
        "pptm",
        "pdf",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "ico",
        "bmp",
        "mp3",
        "mp4",
        "avi",
        "mov",
        "mkv",
        "wav",
        "eml",
        "msg",
        "pcap",
        "cab",
        "reg",
        "ini",
        "cfg",
        "conf",
        "bak",
        "one",
        "url",
        "mem",
        "raw",
        "dmp",
        "key",
        "pem",
    ]
)
