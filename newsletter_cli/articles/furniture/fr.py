"""What stands around an article on French news pages."""

from newsletter_cli.articles.furniture.kinds import Furniture, Label, Tables

# fmt: off
TABLES = Tables(
    furniture={
        Furniture.DARK_MODE: (
            "Mode sombre", "Mode clair", "Mode nuit", "Thème sombre", "Activer le mode sombre",
            "Passer en mode sombre", "Thème clair", "Mode jour", "Thème",
        ),
        Furniture.SIGN_UP: (
            "Lettre d'information", "Infolettre", "S'abonner", "Abonnez-vous", "Inscrivez-vous à la newsletter",
            "S'inscrire", "Abonnez-vous à notre newsletter", "Votre e-mail", "Votre adresse e-mail",
            "Newsletter", "Newsletters", "Inscription", "S'inscrire à la newsletter", "Je m'inscris", "Je m'abonne",
            "Adresse e-mail", "Votre email", "Entrez votre e-mail", "E-mail", "Nos newsletters",
        ),
        Furniture.AD: (
            "Publicité", "Annonce", "Sponsorisé",
            "Contenu sponsorisé", "Publicité - la suite de l'article après", "La suite après la publicité",
            "Fermer la publicité",
        ),
        Furniture.SHARE: (
            "Partager", "Partager l'article", "Imprimer", "Copier le lien", "Suivez-nous", "Enregistrer", "Écouter",
            "Partager sur Facebook", "Partager sur Twitter", "Partager sur X", "Partager sur WhatsApp",
            "Partager par e-mail", "Partager cet article", "Partages", "Envoyer", "Envoyer par e-mail",
            "Envoyer à un ami", "Écouter l'article", "Écouter cet article", "Lien copié", "Copier",
            "Enregistrer l'article", "Ajouter aux favoris", "Ajouter à mes favoris", "Offrir l'article", "Réagir",
            "Suivre", "Imprimer l'article", "Courriel", "E-mail",
        ),
        Furniture.TEXT_SIZE: (
            "Taille du texte",
            "Agrandir le texte", "Réduire le texte", "Taille de police",
        ),
        Furniture.NAVIGATION: (
            "Accueil", "Menu", "Rechercher", "Recherche", "Connexion", "Se connecter", "À la une", "Les plus lus",
            "Dernières nouvelles", "Retour", "Aller au contenu", "Fermer", "Qui sommes-nous", "Contact",
            "Aller au contenu principal", "Aller au menu", "Aller à la recherche", "Accéder au contenu",
            "Passer au contenu", "ACCUEIL", "Page d'accueil", "Menu principal", "Ouvrir le menu", "Fermer le menu",
            "Mon compte", "Se déconnecter", "Créer un compte", "S'identifier", "Abonnement", "Abonnements",
            "Mentions légales", "Politique de confidentialité", "Conditions générales", "CGU", "CGV", "Plan du site",
            "Contactez-nous", "Nous contacter", "À propos", "Archives", "Le direct", "En direct", "Direct", "Vidéos",
            "Vidéo", "Podcasts", "Météo", "Tout accepter", "Accepter", "Refuser", "Tout refuser", "Paramétrer",
            "Gérer les cookies", "J'accepte", "D'accord", "Oui", "Non", "Voir plus", "Voir tout", "Lire la suite",
            "Afficher plus", "Charger plus", "Suivant", "Précédent", "Page suivante", "Page précédente",
            "Haut de page", "Retour en haut", "Signaler une erreur", "Arabe", "Anglais", "العربية", "English",
            "Le journal", "Édition du jour", "Journal numérique",
        ),
        Furniture.READERS: (
            "Commentaires", "Laisser un commentaire", "Réagir",
            "Commenter", "Ajouter un commentaire", "Laissez un commentaire", "Laisser une réponse",
            "Poster un commentaire", "Répondre", "Aucun commentaire", "Commentaire", "Votre commentaire",
            "Réactions", "Voir les commentaires", "Votre avis",
        ),
        Furniture.RIGHTS: (
            "Tous droits réservés",
        ),
        Furniture.STORIES: (
            "Les plus lus", "Les plus partagés", "Les plus commentés", "Les plus consultés", "Le plus lu",
            "Dernières nouvelles", "Dernières infos", "Dernières actualités", "Dernière minute", "À la une",
            "Nos articles", "Derniers articles", "L'actualité en continu", "Toute l'actualité", "Fil info",
            "Fil d'actualité", "Articles récents", "À ne pas manquer", "Nos recommandations", "Recommandé pour vous",
            "Vous aimerez aussi", "Article suivant", "Article précédent", "Autres articles", "Plus d'articles",
            "Dans la même rubrique", "Tendances", "La sélection de la rédaction",
        ),
        Furniture.END: (
            "Fin", "FIN",
        ),
    },
    labels={
        Label.RELATED: (
            "À lire aussi", "Lire aussi", "Lire également", "Voir aussi", "À lire également", "Sur le même sujet",
            "À lire", "Lire", "Lire plus", "À voir aussi", "À voir", "Articles liés", "Articles similaires",
            "Articles connexes", "Article lié", "Sur le même thème", "En savoir plus", "Pour aller plus loin",
            "Dans le même sujet", "À découvrir", "Lire aussi sur le sujet", "Voir également", "À relire",
            "Nos articles sur le sujet", "Relire",
        ),
        Label.SOURCE: (
            "Source", "Sources", "D'après",
            "Avec AFP", "Avec agences", "Source d'information", "Origine", "Selon",
        ),
        Label.AUTHOR: (
            "Par", "Auteur", "Rédigé par",
            "Auteure", "Auteur(e)", "Écrit par", "Propos recueillis par", "Texte", "Reportage", "Journaliste",
            "Correspondant", "Correspondante", "De notre correspondant", "De notre correspondante", "Publié par",
            "Rédaction", "Signé", "Traduit par", "Avec",
        ),
        Label.CAPTION: (
            "Légende", "Légende de la photo",
            "Légende photo", "Photo d'illustration", "Image d'illustration", "En photo",
        ),
        Label.CREDIT: (
            "Crédit photo", "Photographie", "Crédit",
            "Photo", "Photos", "Crédits photo", "Crédits", "Crédit image", "Photo de", "Image", "Photographe",
            "Illustration", "Image de",
        ),
        Label.TAGS: (
            "Mots-clés", "Étiquettes",
            "Tags", "Mots clés", "Mot-clé", "Sujets", "Thèmes", "Thématiques", "Sujet",
        ),
    },
    invitations=(
        "Inscrivez-vous à", "Abonnez-vous à", "Recevez nos",
        "Inscrivez-vous", "Abonnez-vous", "Recevez chaque", "Recevez toute", "Recevez gratuitement",
        "Restez informé", "Ne manquez rien",
    ),
    rights=(
        "Tous droits réservés",
        "droits réservés", "Reproduction interdite",
    ),
    no_colon=(
        "Par", "Rédigé par",
        "Écrit par", "Propos recueillis par", "Publié par", "Photo de", "De notre correspondant à",
    ),
    never_alone=(
        "Par",
        "À lire", "Lire", "Texte", "Reportage", "Avec", "Image", "Photo", "Photos", "Illustration", "Selon",
        "Origine", "Sujet", "Sujets", "Thèmes", "À voir", "Rédaction", "Relire", "Signé", "Journaliste", "Crédits",
        "Crédit",
    ),
    beginnings=(
        "Nous utilisons des cookies", "Ce site utilise", "En poursuivant votre navigation", "Suivez-nous sur",
        "Suivez-nous", "Rejoignez-nous", "Rejoignez notre", "Téléchargez l'application", "Téléchargez notre",
        "Cet article est réservé", "Il vous reste", "Déjà abonné", "Pour lire la suite", "Vous avez repéré",
        "Une erreur dans", "Votre adresse e-mail ne sera", "Les champs obligatoires", "Les commentaires sont",
        "Retrouvez toute", "Retrouvez-nous",
    ),
    sections=(
        "Actualités", "Actualité", "Actu", "Politique", "Économie", "Eco", "Société", "Culture", "Sport", "Sports",
        "Monde", "International", "National", "Régions", "Région", "Local", "Santé", "Sciences", "Science",
        "Technologie", "Tech", "High-tech", "Environnement", "Planète", "Opinion", "Opinions", "Tribune", "Tribunes",
        "Débats", "Idées", "Reportages", "Enquête", "Enquêtes", "Analyse", "Entretien", "Éducation", "Justice",
        "Faits divers", "Voyage", "Tourisme", "Cuisine", "Livres", "Cinéma", "Musique", "Arts", "Médias", "Afrique",
        "Maghreb", "Europe", "Algérie", "Maroc", "Tunisie", "Moyen-Orient", "Agriculture", "Énergie", "Transports",
        "Transport", "Entreprises", "Finance", "Loisirs", "Patrimoine",
    ),
    home=(
        "Accueil", "Vous êtes ici", "Page d'accueil",
    ),
    counted=(
        "temps", "de", "lecture", "min", "mn", "minutes", "minute", "partages", "partage", "commentaires",
        "commentaire", "vues", "vue", "lectures", "lu", "fois", "réactions", "environ", "durée", "écoute", "j'aime",
        "abonnés",
    ),
    numbered=(
        "Référence", "Numéro",
    ),
    published=(
        "Publié le", "Publié", "Publié à", "Mis en ligne le", "Paru le", "Date", "Date de publication", "Posté le",
        "Publiée le", "Le", "Écrit le",
    ),
    updated=(
        "Mis à jour le", "Mis à jour", "Modifié le", "Mise à jour", "Mise à jour le", "Dernière mise à jour",
        "Actualisé le", "MAJ",
    ),
    tickers=(
        "DIRECT", "EN DIRECT", "ALERTE", "URGENT", "FLASH", "Dernière minute",
    ),
    agencies=(
        "AFP", "Reuters", "AP", "MAP", "APS", "TAP", "Agences", "Avec AFP", "Agence", "SPS", "RFI", "France 24",
        "dpa",
    ),
    press=(
        "Agence", "Journal", "Le journal", "La Gazette",
    ),
    places=(
        "Paris", "Alger", "Tunis", "Rabat", "Casablanca", "Beyrouth", "Bruxelles", "Genève", "Marseille", "Lyon",
        "Dakar", "Abidjan", "Oran", "Constantine", "Sfax", "Fès", "Marrakech", "Tanger", "Oujda", "Nouakchott",
        "Le Caire", "Damas", "Londres", "Washington",
    ),
    names=(
        "Jean", "Pierre", "Michel", "Philippe", "Alain", "Nicolas", "Christophe", "Laurent", "François", "Frédéric",
        "Julien", "Antoine", "Thomas", "Louis", "Hugo", "Lucas", "Marie", "Sophie", "Isabelle", "Nathalie",
        "Catherine", "Claire", "Camille", "Julie", "Céline", "Léa", "Manon", "Chloé", "Hélène", "Élise", "Leïla",
        "Leila", "Karim", "Mehdi", "Samir", "Rachid", "Nadia", "Yasmine", "Amina", "Samia", "Mohamed", "Ahmed",
        "Omar", "Fatima", "Malika", "Farid", "Youssef", "Sami", "Inès", "Salma", "Imène", "Sarah",
    ),
    caption_signs=(
        "photo", "photos", "crédit", "crédits", "illustration", "archives", "archive", "d'archives", "afp",
        "reuters", "ap", "getty", "getty images", "photo d'archives", "photo d'illustration", "dr",
    ),
)
# fmt: on
