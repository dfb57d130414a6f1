"""The words that pages are furnished with, in five languages: labels, related, tags, closings. Data, no rules."""

from typing import Final

# What stands in front of a stamp and names no outlet: icons' labels and verbs.
LABELS: Final = frozenset(
    {
        "time", "date", "clock", "calendar", "icon", "on", "at", "published", "posted", "updated", "last updated", "modified",
        "published on", "updated on", "posted on", "publié", "publié le", "mis à jour", "mis à jour le", "le", "publicado",
        "publicado el", "actualizado", "actualizado el", "el", "опубликовано", "обновлено", "نشر", "نشر في", "نُشر في", "تاريخ النشر",
        "آخر تحديث", "التاريخ", "الوقت", "في",
    }
)  # fmt: skip
RELATED: Final = (
    "related", "more from", "more on this", "more stories", "read also", "read more", "see also", "also read", "you may also like",
    "you might also like", "recommended", "trending", "most read", "latest news", "à lire aussi", "lire aussi", "sur le même sujet",
    "articles liés", "articles similaires", "dans la même rubrique", "noticias relacionadas", "relacionad", "también te puede",
    "lea también", "más noticias", "читайте также", "по теме", "похожие", "другие новости", "مقالات ذات صلة", "اقرأ أيضا", "اقرأ أيضًا",
    "مواضيع ذات صلة", "أخبار ذات صلة", "قد يهمك", "المزيد",
)  # fmt: skip
# A line that is one of these is furniture wherever it stands.
FURNITURE: Final = frozenset(
    {
        "logo", "orange background", "comments", "no comments yet...", "no comments yet", "try our ai features", "download the app",
        "advertisement", "ad", "share", "share this", "share this article", "tweet", "print", "email", "copy link", "menu", "search", "home",
        "subscribe", "sign in", "log in", "sign up", "newsletter", "read more", "continue reading", "show more", "load more",
        "publicité", "partager", "commentaires", "imprimer", "accueil", "rechercher", "s'abonner", "lire la suite",
        "publicidad", "compartir", "comentarios", "imprimir", "inicio", "buscar", "suscríbete", "leer más",
        "реклама", "поделиться", "комментарии", "печать", "главная", "поиск", "подписаться", "читать далее",
        "إعلان", "شارك", "مشاركة", "تعليقات", "التعليقات", "طباعة", "الرئيسية", "بحث", "اشترك", "اقرأ المزيد",
    }
)  # fmt: skip
# Where the body of an article is over, whatever follows.
CLOSING: Final = (
    "download the app", "get started now", "app-store", "no comments yet", "try our ai", "all rights reserved", "©", "copyright",
    "follow us", "subscribe to", "sign up for", "cookie", "privacy policy", "terms of", "tous droits réservés", "suivez-nous",
    "todos los derechos", "síguenos", "все права защищены", "подпишитесь", "جميع الحقوق محفوظة", "تابعونا",
)  # fmt: skip
TAGS: Final = (
    "tags:",
    "tag:",
    "topics:",
    "mots-clés",
    "étiquettes",
    "etiquetas:",
    "теги:",
    "وسوم",
    "الوسوم",
    "كلمات دلالية",
)
BYLINES: Final = (
    "by",
    "about",
    "written by",
    "par",
    "à propos de",
    "por",
    "автор",
    "автор:",
    "بقلم",
    "عن",
    "كتب",
    "كتبه",
)
