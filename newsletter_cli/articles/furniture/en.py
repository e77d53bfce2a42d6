"""What stands around an article on English news pages."""

from newsletter_cli.articles.furniture.kinds import Furniture, Label, Tables

# fmt: off
TABLES = Tables(
    furniture={
        Furniture.DARK_MODE: (
            "Dark mode", "Light mode", "Night mode", "Toggle dark mode", "Switch to dark mode", "Dark", "Light",
            "Dark theme",
            "Switch to light mode", "Toggle theme", "Toggle dark theme", "Light theme", "Enable dark mode", "Theme",
        ),
        Furniture.LOGO: (
            "Logo", "Site logo", "Header logo", "Logo image",
        ),
        Furniture.SIGN_UP: (
            "Newsletter", "Newsletters", "Our newsletter", "Subscribe", "Subscribe now", "Sign up", "Sign up now",
            "Subscribe to our newsletter", "Sign up for our newsletter", "Get our newsletter", "Email address",
            "Your email",
            "Subscribe to newsletter", "Sign up for newsletter", "Newsletter sign-up", "Newsletter signup",
            "Get our newsletters", "Enter your email", "Enter your email address", "Your email address", "Email",
            "Stay informed", "Stay up to date", "Get the newsletter", "Join our newsletter", "Name", "Your name",
        ),
        Furniture.AD: (
            "Advertisement", "Advertisements", "Sponsored", "Ad", "Ads",
            "Advertise with us", "Sponsored content", "Paid content", "Promoted", "Advertise", "AD",
            "Story continues below advertisement", "Article continues below", "Remove ads", "Partner content",
        ),
        Furniture.SHARE: (
            "Share", "Share this", "Share this article", "Share on Facebook", "Share on X", "Tweet", "Facebook",
            "Twitter", "X", "WhatsApp", "Telegram", "LinkedIn", "Instagram", "YouTube", "Copy link", "Print", "Save",
            "Email", "Follow us", "Follow", "Listen",
            "Share this story", "Share this page", "Share on Twitter", "Share on WhatsApp", "Share on LinkedIn",
            "Share on Telegram", "Share via email", "Share full article", "Share article", "Share link", "Shares",
            "fb", "x", "twitter", "whatsapp", "Reddit", "Pinterest", "TikTok", "Threads", "Messenger", "Viber",
            "Snapchat", "Link copied", "Copy Link", "Copied", "Copy", "Link", "Bookmark", "Bookmark this article",
            "Save article", "Save for later", "Saved", "Listen to this article", "Listen to this story",
            "Listen to article", "Gift this article", "Give feedback", "Google News", "Follow us on Google News",
            "Follow on Google News", "Post", "RSS", "Add us on Google", "Print this page", "Print article", "Send",
            "Mail", "Share icon", "Facebook icon", "Facebook Twitter", "Share Tweet", "Tweet Share", "Like",
        ),
        Furniture.TEXT_SIZE: (
            "Text size",
            "Font size", "Aa", "A A", "Increase text size", "Decrease text size", "Small", "Medium", "Large",
        ),
        Furniture.NAVIGATION: (
            "Home", "Homepage", "Menu", "Search", "Log in", "Login", "Sign in", "Register", "More", "Back", "Next",
            "Previous", "Close", "Skip to content", "Skip to main content", "Latest", "Latest news", "Most read",
            "Trending", "Breaking", "Live", "About us", "Contact us", "Privacy policy", "Terms of use", "Back to top",
            "Loading",
            "MENU", "Main menu", "Open menu", "Close menu", "Toggle navigation", "Toggle menu", "Navigation",
            "Sections", "Skip to navigation", "Jump to content", "Log out", "My account", "Account", "Profile",
            "Sign out", "Sign up", "Create account", "Subscriptions", "Accept", "Accept all", "Accept all cookies",
            "Accept cookies", "Reject all", "Reject", "Decline", "Manage cookies", "Cookie settings",
            "Cookie policy", "Cookies", "Got it", "OK", "I agree", "Agree", "Yes", "No", "Learn more",
            "Read full story", "Continue reading", "Show more", "View more", "View all", "See all", "Load more",
            "All", "First", "Last", "Page", "Watch live", "Live TV", "Video", "Videos", "Photos", "Gallery",
            "Podcasts", "Podcast", "Games", "Weather", "Archive", "Archives", "E-paper", "ePaper", "Today's paper",
            "Help", "FAQ", "About", "About Us", "Contact", "Contact Us", "Careers", "Terms", "Terms of service",
            "Privacy", "Privacy Policy", "Sitemap", "Site map", "Search for", "Search here", "Edition",
            "Change language", "Language", "Languages", "Arabic", "Français", "English", "Español", "Türkçe",
            "Русский", "Deutsch", "Italiano", "中文", "فارسی", "اردو", "Kurdî", "EN", "AR", "FR", "FA", "HE", "ES",
            "TR", "RU", "ع", "Download the app", "Get the app", "Report an error", "Report a mistake", "Correction",
            "Go back", "Go to top", "Scroll to top", "Back to homepage", "Breaking news", "BREAKING", "LIVE",
            "Alerts", "Notifications", "Turn on notifications", "By subscribing", "Please wait", "Loading...", "404",
            "Previous page", "Next page", "Newer", "Older",
        ),
        Furniture.READERS: (
            "Comments", "Leave a comment", "Add a comment", "No comments", "Leave a reply",
            "Comment", "Join the conversation", "Join the discussion", "Post a comment", "Post comment",
            "View comments", "Show comments", "Reply", "Write a comment", "Write a reply", "Your comment",
            "Cancel reply", "Be the first to comment", "Have your say", "Rate this article", "Reactions", "Sort by",
        ),
        Furniture.RIGHTS: (
            "All rights reserved",
        ),
        Furniture.STORIES: (
            "Most read", "Most popular", "Most viewed", "Most shared", "Most commented", "Popular", "Popular now",
            "Popular stories", "Latest", "Latest news", "Latest stories", "Latest articles", "Top stories",
            "Trending", "Trending now", "Editor's picks", "Editors' picks", "Recommended", "Recommended for you",
            "Recommended stories", "You may also like", "More stories", "More news", "More headlines",
            "More from this section", "Other stories", "Other news", "Don't miss", "In case you missed it",
            "Up next", "Next article", "Previous article", "Next story", "Previous story", "Next post",
            "Previous post", "Headlines", "From our partners", "Around the web", "Just in", "What to read next",
            "Read next",
        ),
        Furniture.END: (
            "ENDS", "End", "-ends-", "END", "ends", "###", "-30-", "End of story",
        ),
    },
    labels={
        Label.RELATED: (
            "Read also", "Read more", "Also read", "See also", "Related", "Related article", "Related articles",
            "More on this", "Related stories",
            "Related news", "Related content", "Related posts", "Related reading", "Related coverage",
            "Related topics", "Related story", "Read next", "You might also like", "More on this story",
            "More on this topic", "More like this", "More about this", "Further reading", "Don't miss", "Also see",
            "Watch also", "Watch", "Similar articles", "Similar stories", "In the same series",
            "More in this section", "Also on",
        ),
        Label.SOURCE: (
            "Source", "Sources", "Via", "Original source",
            "Original article", "Agency", "Agencies", "Courtesy of", "Originally published by",
            "With reporting by agencies", "Story by",
        ),
        Label.AUTHOR: (
            "By", "Author", "Written by", "Reported by",
            "Authors", "Words by", "Words", "Reporter", "Reporting by", "Edited by", "Story by", "Text by",
            "Posted by", "Published by", "Contributor", "Correspondent", "Byline", "Writer",
        ),
        Label.CAPTION: (
            "Image caption", "Caption", "Photo caption", "Image",
            "Picture caption", "In the picture", "Pictured", "File photo", "Figure",
        ),
        Label.CREDIT: (
            "Image source", "Photo", "Photo credit", "Image credit", "Photograph", "Photographer",
            "Photo by", "Photos", "Photo source", "Picture", "Picture credit", "Photo courtesy", "Photo courtesy of",
            "Photo illustration", "Credit", "Photography", "Illustration", "Image", "Image by", "Photos by",
        ),
        Label.TAGS: (
            "Tags", "Keywords", "Topics",
            "Tag", "Tagged", "Tagged with", "Filed under", "Topic", "Labels", "Keyword", "In this story",
            "Categories", "Category",
        ),
    },
    invitations=(
        "Subscribe to our", "Sign up to", "Sign up for our", "Get the latest",
        "Sign up for", "Subscribe to", "Subscribe now", "Subscribe today", "Get our", "Get the best",
        "Get breaking news", "Join our", "Receive our", "Stay up to date with", "Never miss", "Enter your email",
    ),
    rights=(
        "©", "Copyright", "All rights reserved",
        "rights reserved",
    ),
    no_colon=(
        "By", "Written by", "Image caption",
        "Words by", "Reporting by", "Edited by", "Author", "Photo by", "Photograph by", "Posted by", "Story by",
    ),
    never_alone=(
        "Via", "By", "Image", "Photo", "Topics",
        "Watch", "Words", "Picture", "Author", "Authors", "Agency", "Topic", "Tag", "Tagged", "Credit",
        "Illustration", "Photos", "Figure", "Category", "Categories", "Writer", "Contributor", "Correspondent",
        "Reporter", "Photography", "Labels", "Agencies", "Keyword",
    ),
    beginnings=(
        "We use cookies", "This site uses cookies", "This website uses cookies", "By continuing to use",
        "By using this site", "By clicking", "Follow us on", "Follow our", "Follow us", "Join us on",
        "Join our channel", "Join our WhatsApp", "Join our Telegram", "Download our app", "Download the",
        "Get the app", "This article is more than", "Support our journalism", "Support independent",
        "Already a subscriber", "Want to read more", "Subscribe for", "You have reached", "Sign in to", "Log in to",
        "Please enable", "Your browser does not", "JavaScript is", "Have you spotted", "Spotted an error",
        "Do you have a story", "The views expressed", "Opinions expressed", "Required fields",
        "Your email address will not", "Save my name", "Role,", "Reporting from", "More from",
        "We value your privacy", "Click here", "Tap here", "Skip advertisement",
    ),
    sections=(
        "News", "Politics", "Business", "Economy", "Sport", "Sports", "Culture", "Arts", "Arts & Culture",
        "Entertainment", "Life", "Lifestyle", "Health", "Science", "Technology", "Tech", "World", "National",
        "Local", "Local news", "Region", "Regional", "Opinion", "Opinions", "Comment", "Editorial", "Analysis",
        "Features", "Feature", "Long reads", "Long read", "Travel", "Food", "Education", "Environment", "Climate",
        "Society", "Community", "Transport", "Money", "Markets", "Middle East", "Africa", "Europe", "Asia",
        "Americas", "US", "UK", "Books", "Music", "Film", "Fashion", "Style", "Weather", "Crime", "Courts", "Law",
        "Religion", "History", "Agriculture", "Energy", "Property", "Investigations", "Interviews", "Photos",
        "Reviews", "Magazine", "Weekend", "Home & Garden",
    ),
    home=(
        "Home", "Homepage", "You are here", "Front page", "Main",
    ),
    counted=(
        "min", "mins", "minute", "minutes", "read", "reading", "time", "share", "shares", "comment", "comments",
        "view", "views", "like", "likes", "reads", "words", "listen", "k", "m", "reaction", "reactions", "est",
        "estimated", "retweets", "reposts", "sec", "second", "seconds", "followers", "of", "upvotes", "votes",
        "visits", "to",
    ),
    numbered=(
        "News ID", "Article ID", "Story ID", "ID", "Code", "News code", "Post ID", "Ref", "Reference",
    ),
    published=(
        "Published", "Published on", "Published at", "Posted", "Posted on", "Posted at", "Date", "First published",
        "Publication date", "Published date", "Date published", "Issued", "Released", "Release date", "Created",
    ),
    updated=(
        "Updated", "Last updated", "Last update", "Updated on", "Updated at", "Modified", "Last modified", "Update",
        "Edited", "Revised", "Last updated on", "Last updated at", "Amended",
    ),
    tickers=(
        "BREAKING", "BREAKING NEWS", "LIVE", "JUST IN", "Live updates", "UPDATE", "ALERT",
    ),
    agencies=(
        "Reuters", "AFP", "AP", "Associated Press", "The Associated Press", "dpa", "Xinhua", "UPI", "PA", "PA Media",
        "Bloomberg", "TASS", "Agencies", "News agencies", "Wire", "Wire services", "Staff and agencies",
        "Agence France-Presse", "SANA", "WAM", "SPA", "KUNA", "QNA", "Petra", "MENA", "WAFA", "MAP", "APS", "TAP",
        "IRNA", "ISNA", "Anadolu", "AA", "APP", "NNA", "BNA", "ONA",
    ),
    press=(
        "Agence", "Agency",
    ),
    places=(
        "London", "Washington", "New York", "Paris", "Berlin", "Moscow", "Beirut", "Damascus", "Cairo", "Amman",
        "Baghdad", "Riyadh", "Dubai", "Doha", "Geneva", "Brussels", "Jerusalem", "Ankara", "Istanbul", "Tehran",
        "Los Angeles", "Chicago", "Boston", "Rome", "Madrid", "Tokyo", "Beijing", "Delhi", "Karachi", "Islamabad",
        "Nairobi", "Bursa", "Tunis", "Algiers", "Rabat", "Casablanca",
    ),
    names=(
        "James", "John", "Mary", "Robert", "David", "Michael", "William", "Richard", "Thomas", "Charles", "Daniel",
        "Matthew", "Anthony", "Mark", "Paul", "Steven", "Stephen", "Andrew", "Peter", "George", "Henry", "Edward",
        "Patricia", "Jennifer", "Linda", "Elizabeth", "Barbara", "Susan", "Jessica", "Sarah", "Karen", "Nancy",
        "Lisa", "Margaret", "Emily", "Emma", "Anna", "Anne", "Laura", "Rachel", "Rebecca", "Helen", "Kate",
        "Katherine", "Catherine", "Jane", "Alice", "Julia", "Sophie", "Sophia", "Olivia", "Grace", "Hannah", "Lucy",
        "Maya", "Priya", "Tom", "Tim", "Jack", "Sam", "Ben", "Alex", "Adam", "Chris", "Nick", "Joe", "Dan", "Ahmed",
        "Mohammed", "Muhammad", "Ali", "Omar", "Fatima", "Layla", "Leila", "Sara", "Noor", "Nour", "Yusuf", "Hassan",
        "Hussein", "Ibrahim", "Dr.", "Claire", "Eleanor", "Simon", "Oliver", "Harry", "Amy", "Megan", "Liam", "Noah",
        "Ethan",
    ),
    caption_signs=(
        "photo", "photos", "file photo", "file", "pictured", "photograph", "image", "getty", "getty images", "afp",
        "reuters", "ap", "shutterstock", "unsplash", "handout", "courtesy", "illustration", "archive", "stock photo",
        "photo by", "ap photo",
    ),
)
# fmt: on
