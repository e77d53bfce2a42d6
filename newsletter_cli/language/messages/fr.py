"""French. No-break space before : ; ? ! and inside « »."""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.messages import Forms

# fmt: off
MESSAGES: Final[Mapping[str, str | Forms]] = {
    # --- digest: the frame around the articles
    "digest.contents": "Dans ce numéro",
    "digest.read_more": "Lire la suite",
    "digest.related": "À lire aussi",
    "digest.source": "Source",
    "digest.sources": "Sources",
    "digest.author": "Par {name}",
    "digest.picture": "Image",
    "digest.credit": "Photo\u00a0: {name}",
    "digest.note": "Note",
    "digest.signup_heading": "Lettre d’information",
    "digest.signup_invitation": "Abonnez-vous à notre liste pour recevoir les nouveautés\u00a0!",
    "digest.signup_button": "S’abonner",
    "digest.dark_mode": "Mode sombre",
    "digest.light_mode": "Mode clair",
    "digest.view_in_browser": "Voir dans le navigateur",
    "digest.why": "Ce message a été envoyé à {email} car l’adresse est abonnée à «\u00a0{list}\u00a0».",
    "digest.unsubscribe": "Se désabonner",
    "digest.preferences": "Préférences d’abonnement",
    "digest.postal": "Adresse postale",
    "digest.website": "Site web",
    "digest.reader": "cher lecteur, chère lectrice",
    "digest.logo": "Logo de {name}",
    "digest.issue": "Numéro du {date}",
    "digest.more": "À lire aussi",
    "digest.correction": "Rectificatif : {subject}",
    "digest.any_address": "l’adresse du lecteur",
    # --- counted nouns
    "count.article": {"one": "{n} article", "many": "{n} d’articles", "other": "{n} articles"},
    "count.story": {"one": "{n} sujet", "many": "{n} de sujets", "other": "{n} sujets"},
    "count.picture": {"one": "{n} image", "many": "{n} d’images", "other": "{n} images"},
    "count.minute": {"one": "{n} minute", "many": "{n} de minutes", "other": "{n} minutes"},
    "count.word": {"one": "{n} mot", "many": "{n} de mots", "other": "{n} mots"},
    "count.reader": {"one": "{n} lecteur", "many": "{n} de lecteurs", "other": "{n} lecteurs"},
    # --- test messages and system mails
    "mail.test_mark": "[Essai]",
    "mail.sample_reader": "Lectrice d’essai",
    "mail.unsubscribe_subject": "Désabonnement",
    # --- reader pages
    "page.unsubscribe.title": "Désabonnement",
    "page.unsubscribe.question": "Mettre fin à l’abonnement de {email} à «\u00a0{list}\u00a0»\u00a0?",
    "page.unsubscribe.explanation": "Après ce bouton, plus aucun message de cette liste n’arrivera.",
    "page.unsubscribe.button": "Se désabonner",
    "page.unsubscribe.done_title": "Désabonnement effectué",
    "page.unsubscribe.done":
        "{email} n’est plus abonné à «\u00a0{list}\u00a0». Plus aucun message de cette liste n’arrivera.",
    "page.unsubscribe.undo": "Annuler le désabonnement",
    "page.unsubscribe.undo_hint": "Une erreur\u00a0? Vous pouvez revenir en arrière pendant dix minutes.",
    "page.unsubscribe.undone_title": "Abonnement rétabli",
    "page.unsubscribe.undone": "L’abonnement de {email} à «\u00a0{list}\u00a0» est rétabli.",
    "page.unsubscribe.undo_late": "Le délai est passé. Vous pouvez vous abonner de nouveau sur notre site.",
    "page.unsubscribe.already": "Cet abonnement est déjà terminé. Rien d’autre n’est nécessaire.",
    "page.unsubscribe.one_click": "Désabonnement effectué.",
    "page.unsubscribe.reason_label": "Raison du départ (facultatif)",
    "page.unsubscribe.reason_send": "Envoyer la raison",
    "page.unsubscribe.reason_thanks": "Merci, votre raison est arrivée.",
    "page.broken.title": "Le lien n’est pas complet",
    "page.broken.text": "Ce lien ne peut pas être lu. Il a peut-être été coupé à la copie.",
    "page.broken.hint":
        "Le lien entier est à la fin de chacun de nos messages\u00a0; répondre «\u00a0désabonner\u00a0» suffit aussi.",
    "page.test.text": "Ce lien appartient à un message d’essai\u00a0: il ne change rien.",
    "page.error.title": "Impossible pour le moment",
    "page.error.text": "Une erreur s’est produite chez nous. Veuillez réessayer dans quelques minutes.",
    "page.not_found.title": "Aucune page ici",
    "page.not_found.text": "Il n’y a pas de page à cette adresse.",
    "page.web.notice": "Copie web d’un message de «\u00a0{list}\u00a0»",
    "page.web.archive": "Numéros précédents",
    "page.web.empty": "Aucun numéro n’a encore été publié.",
    "page.web.dark": "Mode sombre",
    "page.web.light": "Mode clair",
    "page.web.gone": "Ce numéro n’est plus publié.",
    "page.home": "Accueil",
}
# fmt: on
