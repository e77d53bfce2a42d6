"""What stands around an article on English news pages."""

from newsletter_cli.articles.furniture.kinds import Furniture, Label, Tables

# fmt: off
TABLES = Tables(
    furniture={
        Furniture.DARK_MODE: (
            "Dark mode", "Light mode", "Night mode", "Toggle dark mode", "Switch to dark mode", "Dark", "Light",
            "Dark theme",
        ),
        Furniture.LOGO: (
            "Logo", "Site logo", "Header logo", "Logo image",
        ),
        Furniture.SIGN_UP: (
            "Newsletter", "Newsletters", "Our newsletter", "Subscribe", "Subscribe now", "Sign up", "Sign up now",
            "Subscribe to our newsletter", "Sign up for our newsletter", "Get our newsletter", "Email address",
            "Your email",
        ),
        Furniture.AD: (
            "Advertisement", "Advertisements", "Sponsored", "Ad", "Ads",
        ),
        Furniture.SHARE: (
            "Share", "Share this", "Share this article", "Share on Facebook", "Share on X", "Tweet", "Facebook",
            "Twitter", "X", "WhatsApp", "Telegram", "LinkedIn", "Instagram", "YouTube", "Copy link", "Print", "Save",
            "Email", "Follow us", "Follow", "Listen",
        ),
        Furniture.TEXT_SIZE: (
            "Text size",
        ),
        Furniture.NAVIGATION: (
            "Home", "Homepage", "Menu", "Search", "Log in", "Login", "Sign in", "Register", "More", "Back", "Next",
            "Previous", "Close", "Skip to content", "Skip to main content", "Latest", "Latest news", "Most read",
            "Trending", "Breaking", "Live", "About us", "Contact us", "Privacy policy", "Terms of use", "Back to top",
            "Loading",
        ),
        Furniture.READERS: (
            "Comments", "Leave a comment", "Add a comment", "No comments", "Leave a reply",
        ),
        Furniture.RIGHTS: (
            "All rights reserved",
        ),
    },
    labels={
        Label.RELATED: (
            "Read also", "Read more", "Also read", "See also", "Related", "Related article", "Related articles",
            "More on this", "Related stories",
        ),
        Label.SOURCE: (
            "Source", "Sources", "Via", "Original source",
        ),
        Label.AUTHOR: (
            "By", "Author", "Written by", "Reported by",
        ),
        Label.CAPTION: (
            "Image caption", "Caption", "Photo caption", "Image",
        ),
        Label.CREDIT: (
            "Image source", "Photo", "Photo credit", "Image credit", "Photograph", "Photographer",
        ),
        Label.TAGS: (
            "Tags", "Keywords", "Topics",
        ),
    },
    invitations=(
        "Subscribe to our", "Sign up to", "Sign up for our", "Get the latest",
    ),
    rights=(
        "©", "Copyright", "All rights reserved",
    ),
    no_colon=(
        "By", "Written by", "Image caption",
    ),
    never_alone=(
        "Via", "By", "Image", "Photo", "Topics",
    ),
)
# fmt: on
