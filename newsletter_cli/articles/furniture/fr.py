"""What stands around an article on French news pages."""

from newsletter_cli.articles.furniture.kinds import Furniture, Label, Tables

# fmt: off
TABLES = Tables(
    furniture={
        Furniture.DARK_MODE: (
            "Mode sombre", "Mode clair", "Mode nuit", "Thème sombre", "Activer le mode sombre",
        ),
        Furniture.SIGN_UP: (
            "Lettre d'information", "Infolettre", "S'abonner", "Abonnez-vous", "Inscrivez-vous à la newsletter",
            "S'inscrire", "Abonnez-vous à notre newsletter", "Votre e-mail", "Votre adresse e-mail",
        ),
        Furniture.AD: (
            "Publicité", "Annonce", "Sponsorisé",
        ),
        Furniture.SHARE: (
            "Partager", "Partager l'article", "Imprimer", "Copier le lien", "Suivez-nous", "Enregistrer", "Écouter",
        ),
        Furniture.TEXT_SIZE: (
            "Taille du texte",
        ),
        Furniture.NAVIGATION: (
            "Accueil", "Menu", "Rechercher", "Recherche", "Connexion", "Se connecter", "À la une", "Les plus lus",
            "Dernières nouvelles", "Retour", "Aller au contenu", "Fermer", "Qui sommes-nous", "Contact",
        ),
        Furniture.READERS: (
            "Commentaires", "Laisser un commentaire", "Réagir",
        ),
        Furniture.RIGHTS: (
            "Tous droits réservés",
        ),
    },
    labels={
        Label.RELATED: (
            "À lire aussi", "Lire aussi", "Lire également", "Voir aussi", "À lire également", "Sur le même sujet",
        ),
        Label.SOURCE: (
            "Source", "Sources", "D'après",
        ),
        Label.AUTHOR: (
            "Par", "Auteur", "Rédigé par",
        ),
        Label.CAPTION: (
            "Légende", "Légende de la photo",
        ),
        Label.CREDIT: (
            "Crédit photo", "Photographie", "Crédit",
        ),
        Label.TAGS: (
            "Mots-clés", "Étiquettes",
        ),
    },
    invitations=(
        "Inscrivez-vous à", "Abonnez-vous à", "Recevez nos",
    ),
    rights=(
        "Tous droits réservés",
    ),
    no_colon=(
        "Par", "Rédigé par",
    ),
    never_alone=(
        "Par",
    ),
)
# fmt: on
