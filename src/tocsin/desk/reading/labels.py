"""Words that pages put around articles: what ends one, what opens a list, what is no text at all. Five languages."""

import re
from typing import Final, NamedTuple

from tocsin.desk import thresholds

_RELATED: Final = (
    r"(?:more\s+)?related(?:\s+(?:articles?|news|stories|posts|content|coverage|topics))?|more\s+(?:from|on|stories|news|like this)\b.{0,40}"
    r"|you (?:may|might) (?:also )?(?:like|be interested in)|see also|read (?:next|also|more)|also read|recommended(?: for you)?|other (?:articles|news|stories)|in the same (?:section|category)"
    r"|from other (?:outlets|sources)|other coverage|full coverage|similar (?:articles|stories|news)|what others (?:say|write|report)|around the web|latest (?:news|articles|stories)|top stories|most (?:read|popular)|trending(?: now)?"
    r"|(?:articles?|sujets?|actualités) (?:liés?|liées?|similaires|connexes|associés)|à lire (?:aussi|également)|lire aussi|sur le même (?:sujet|thème)|dans la même (?:rubrique|catégorie)|à ne pas manquer|dernières (?:nouvelles|actualités)|les plus lus"
    r"|(?:مقالات|أخبار|اخبار|مواضيع|موضوعات|مواد) (?:ذات صلة|مشابهة|متعلقة|مرتبطة|أخرى|اخرى)|(?:إقرأ|اقرأ|اقرا) (?:أيضا|أيضًا|ايضا|المزيد)|الأكثر (?:قراءة|مشاهدة)|آخر الأخبار|قد يعجبك (?:أيضا|أيضًا)?|ذات صلة"
    r"|(?:noticias|artículos|articulos|contenidos?) (?:relacionad[oa]s?|similares)|relacionad[oa]s|te puede interesar|también te puede interesar|lee (?:también|más)|leer más|lo más leído|últimas noticias"
    r"|(?:похожие|связанные|другие|последние) (?:новости|статьи|материалы|публикации)|(?:по|на эту) тем[еу]|читайте также|читать (?:далее|также)|материалы по теме|самое (?:читаемое|популярное)"
)
_AFTER: Final = (
    r"(?:leave a )?comments?(?:\s*\(\d+\))?|no comments yet.*|(?:\d+ )?comments?|join the (?:conversation|discussion)|add a comment|commentaires?(?:\s*\(\d+\))?|aucun commentaire.*|(?:ال)?تعليقات?|لا توجد تعليقات.*|أضف تعليق.?|comentarios?|sin comentarios|комментарии|нет комментариев|оставить комментарий"
    r"|download (?:the|our) app.{0,30}|get (?:the|our) app|get started now.*|try our .{1,40}|explore what .{1,50}|newsletter.{0,40}|subscribe\b.{0,60}|sign up\b.{0,60}|abonnez-vous.{0,60}|télécharge[rz] .{0,30}application.{0,30}|اشترك.{0,40}|حمل التطبيق.{0,40}|تحميل التطبيق.{0,40}|suscríbete.{0,60}|descarga la app.{0,40}|подпи(?:сывайтесь|шитесь).{0,60}|скача(?:йте|ть) приложение.{0,40}"
    r"|about (?:us|the author)\b.{0,40}|à propos(?: de l[’']auteur| de nous)?|contact(?: us)?|privacy(?: policy)?.{0,40}|terms(?: of (?:use|service))?.{0,40}|(?:©|\(c\)|copyright).{0,120}|all rights reserved.{0,60}|tous droits réservés.{0,60}|(?:جميع الحقوق محفوظة|كل الحقوق محفوظة|حقوق النشر).{0,60}|من نحن|اتصل بنا|todos los derechos.{0,60}|все права защищены.{0,60}|follow us\b.{0,40}|suivez-nous.{0,40}|تابعونا.{0,40}|síguenos.{0,40}"
)
_NOISE: Final = (
    r"logo|image|photo|video|menu|home|search|share(?: this)?(?: article)?|partager|شارك|مشاركة|compartir|поделиться|tweet|facebook|twitter|x|whatsapp|telegram|linkedin|email|e-mail|print|imprimer|طباعة|save|bookmark|copy link|listen|play|like|reply|report|hide|flag|upvote|downvote|masquer|signaler|répondre|إخفاء|إبلاغ|رد|ocultar|responder|скрыть|ответить|пожаловаться"
    r"|advertisement|publicité|إعلان|اعلان|publicidad|реклама|sponsored|promoted|loading\.*|skip to (?:main )?content|back to top|close|cookies?\b.{0,60}|accept(?: all)?(?: cookies)?|log ?in|sign ?in|register|connexion|تسجيل الدخول|iniciar sesión|войти"
    r"|(?:orange|blue|red|green|white|black|gray|grey) background|background(?: image)?|avatar|icon|thumbnail|play-store|app-store|app-?store\s*play-?store|banner|placeholder|see more|show more|read more|lire la suite|voir plus|اقرأ المزيد|المزيد|ver más|читать далее|ещё|next|previous|suivant|précédent|التالي|السابق|\W*"
    r"|view all|tous les articles|menu principal|breaking|live|exclusive|opinion|analysis"
)
_RELATED_LINE: Final = re.compile(rf"\W*(?:{_RELATED})\W*", re.IGNORECASE)
_AFTER_LINE: Final = re.compile(rf"\W*(?:{_AFTER})\W*", re.IGNORECASE)
_NOISE_LINE: Final = re.compile(rf"(?:{_NOISE})", re.IGNORECASE)
_READ_TIME: Final = re.compile(
    r"(?:(?:estimated\s+)?(?:read(?:ing)?\s*time)|temps\s+de\s+lecture(?:\s+estimé)?|durée\s+de\s+lecture|مدة\s+القراءة(?:\s+المقدرة)?|وقت\s+القراءة|tiempo\s+(?:estimado\s+)?de\s+lectura|время\s+(?:на\s+)?чтени[ея])"
    r"\s*[:：]?\s*(?P<n>\d{1,3}|[٠-٩]{1,3})\s*(?:['’′]|min(?:ute)?s?\b\.?|دقائق|دقيقة|минуты?|минут\b|мин\.?)?\s*"
    r"|(?P<m>\d{1,3})\s*[- ]?\s*(?:min(?:ute)?s?\.?\s+(?:read|de lecture|de lectura)|мин(?:ут[аы]?)?\.?\s+чтения|دقائق\s+قراءة)\b\s*",
    re.IGNORECASE,
)
_STAMP_LABEL: Final = re.compile(
    r"^(?:time|clock|calendar|date|icon|(?:first )?published(?: on| at)?|posted(?: on)?|(?:last )?updated?(?: on| at)?|on|publié(?:e)?(?: le)?|mis à jour(?: le)?|le|نشر(?:ت)?(?: في| بتاريخ)?|تاريخ(?: النشر)?|آخر تحديث|التاريخ|publicado(?: el)?|actualizado(?: el)?|el|опубликовано|обновлено|дата)\s*[:：]?\s*$",
    re.IGNORECASE,
)
_BYLINE: Final = re.compile(
    r"^(?:by|written by|author|par|écrit par|بقلم|كتب|كتبه|كتبت|الكاتب|por|escrito por|автор|текст)\s*[:：]?\s+(?P<who>[^\d|•·]{3,60})$",
    re.IGNORECASE,
)
_SOURCE: Final = re.compile(
    r"^(?:(?:source|via|from|المصدر|مصدر|fuente|источник)\s*[:：]|via\s)\s*(?P<who>.{2,40})$", re.IGNORECASE
)
_TAGS: Final = re.compile(
    r"(?:^|(?<=[\s.!?…»”'’\"]))(?:tags?|mots[- ]clés|étiquettes|وسوم|الوسوم|الكلمات الدلالية|etiquetas|теги|метки)\s*[:：]\s*(?P<tags>.{1,400})$",
    re.IGNORECASE | re.DOTALL,
)
_BULLET: Final = re.compile(r"^\s*[•·▪■●○*\-–—›»>|◦]+\s*")
_ENDS: Final = re.compile(r"[.!?…。！？؟۔][\"'”’»)\]」』）]*\s*$")


class ReadTime(NamedTuple):
    """A reading time that the page shows, and the text without it."""

    minutes: int | None
    rest: str


def is_related(line: str) -> bool:
    """The heading of a list of other articles."""
    return len(line) <= 60 and _RELATED_LINE.fullmatch(line) is not None


def is_after(line: str) -> bool:
    """What follows an article and belongs to none: comments, app, newsletter, rights."""
    return len(line) <= 160 and _AFTER_LINE.fullmatch(line) is not None


def is_noise(line: str) -> bool:
    """A button, an alternative text, a menu: no words of an article."""
    return len(line) <= 70 and _NOISE_LINE.fullmatch(line.strip()) is not None


def is_label(line: str) -> bool:
    """What stands before a stamp and names nothing: "time", "Published on"."""
    return _STAMP_LABEL.match(line.strip(" |·•-–—,")) is not None


def without_label(line: str) -> str:
    """The text before a stamp without the label glued to it."""
    return "" if is_label(line) else re.sub(r"^(?:time|clock|calendar)(?=[A-Z\u0600-\u06ff])", "", line)


def byline(line: str) -> str:
    """Who wrote it, of a line that says so; else empty."""
    found = _BYLINE.match(line.strip())
    return found["who"].strip() if found else ""


def source(line: str) -> str:
    """Whom it is taken from, of a line that says so; else empty."""
    found = _SOURCE.match(line.strip())
    return found["who"].strip() if found else ""


def without_bullet(line: str) -> str:
    """The line without its bullet."""
    return _BULLET.sub("", line)


def is_bulleted(line: str) -> bool:
    """Whether a bullet stands before the line."""
    return _BULLET.match(line) is not None


def ends_sentence(line: str) -> bool:
    """Whether the line ends as sentences do."""
    return _ENDS.search(line) is not None


def without_read_time(text: str) -> ReadTime:
    """The reading time shown at the start of a text, and the rest."""
    found = _READ_TIME.search(text[: thresholds.LABEL_CHARACTERS])
    if found is None or (found.start() > 4 and len(text) > thresholds.LABEL_CHARACTERS):
        return ReadTime(None, text)
    return ReadTime(int(found["n"] or found["m"]), (text[: found.start()] + text[found.end() :]).strip())


def without_tags(text: str) -> tuple[str, str]:
    """The text before "Tags:", and what follows it."""
    found = _TAGS.search(text)
    if found is None or len(text) - found.start() > 500:
        return text, ""
    return text[: found.start()].rstrip(), found["tags"].strip()
