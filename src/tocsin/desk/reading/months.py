"""Names of months, days and units of time in five languages, with the Maghreb's and the Levant's names of months."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tocsin.desk.finding.words import fold_arabic

_MONTHS: Final = """
1 january jan janvier janv enero ene января январь янв يناير جانفي كانون-الثاني كانون-ثاني
2 february feb février fevrier févr fevr fév febrero февраля февраль фев فبراير فيفري شباط
3 march mar mars marzo марта март мар مارس اذار آذار
4 april apr avril avr abril abr апреля апрель апр ابريل أبريل إبريل افريل أفريل نيسان
5 may mai mayo мая май مايو ماي ايار أيار
6 june jun juin junio июня июнь июн يونيو يونيه جوان حزيران
7 july jul juillet juil julio июля июль июл يوليو يوليه يوليوز جويلية تموز
8 august aug août aout agosto ago августа август авг اغسطس أغسطس غشت اوت أوت آب
9 september sep sept septembre septiembre setiembre сентября сентябрь сен سبتمبر شتنبر ايلول أيلول
10 october oct octobre octubre октября октябрь окт اكتوبر أكتوبر تشرين-الاول تشرين-اول
11 november nov novembre noviembre ноября ноябрь ноя نوفمبر نونبر تشرين-الثاني تشرين-ثاني
12 december dec décembre decembre déc diciembre dic декабря декабрь дек ديسمبر دجنبر كانون-الاول كانون-اول
"""
_DAYS: Final = """
0 monday mon lundi lunes понедельник понедельника الاثنين الإثنين
1 tuesday tue mardi martes вторник вторника الثلاثاء
2 wednesday wed mercredi miércoles miercoles среда среду среды الاربعاء الأربعاء
3 thursday thu jeudi jueves четверг четверга الخميس
4 friday fri vendredi viernes пятница пятницу пятницы الجمعة
5 saturday sat samedi sábado sabado суббота субботу субботы السبت
6 sunday sun dimanche domingo воскресенье воскресенья الاحد الأحد
"""
_UNITS: Final = """
1 second seconds sec secs seconde secondes segundo segundos секунду секунды секунд сек ثانية ثوان ثواني s
60 minute minutes min mins minuto minutos минуту минуты минут мин دقيقة دقائق
3600 hour hours hr hrs heure heures hora horas час часа часов ч ساعة ساعات h
86400 day days jour jours día dias días dia день дня дней يوم أيام ايام يوما d j
604800 week weeks semaine semaines semana semanas неделю недели недель أسبوع اسبوع أسابيع اسابيع w
2629800 month months mois mes meses месяц месяца месяцев شهر أشهر اشهر شهرا شهور
31557600 year years an ans année années año años год года лет سنة سنوات عام أعوام
"""
_DUALS: Final = """
60 دقيقتين دقيقتان
3600 ساعتين ساعتان
86400 يومين يومان
604800 أسبوعين اسبوعين
2629800 شهرين شهران
31557600 سنتين عامين
"""


def plain(word: str) -> str:
    """A name as the tables have it: lower case, Arabic folded."""
    return fold_arabic(word.lower().rstrip("."))


def _table(text: str) -> Mapping[str, int]:
    rows = (line.split() for line in text.split("\n") if line)
    return MappingProxyType({plain(name.replace("-", " ")): int(row[0]) for row in rows for name in row[1:]})


MONTHS: Final = _table(_MONTHS)
WEEKDAYS: Final = _table(_DAYS)
UNITS: Final = _table(_UNITS)
DUALS: Final = _table(_DUALS)
NUMBERS: Final[Mapping[str, int]] = MappingProxyType(
    {
        plain(word): number
        for number, words in (
            (1, "a an one un une uno una один одну واحد واحدة"),
            (2, "two deux dos два две اثنين"),
            (3, "three trois tres три ثلاث ثلاثة"),
            (4, "four quatre cuatro четыре اربع اربعة"),
            (5, "five cinq cinco пять خمس خمسة"),
            (6, "six seis шесть ست ستة"),
            (7, "seven sept siete семь سبع سبعة"),
            (8, "eight huit ocho восемь ثماني ثمانية"),
            (9, "nine neuf nueve девять تسع تسعة"),
            (10, "ten dix diez десять عشر عشرة"),
        )
        for word in words.split()
    }
)
