"""The map of stations, in Nepali."""

MAP = {
    "The list beside it says the same.": "छेउको सूचीमा पनि यही कुरा छ।",
    "Nearer": "नजिक",
    "Farther": "टाढा",
    "Stations in view": "नक्सामा देखिएका स्टेशन",
    "The map cannot be read now. It is tried again.": "अहिले नक्सा पढ्न सकिएन। फेरि प्रयास हुँदैछ।",
    "Show them nearer": "नजिकबाट देखाउनुहोस्",
    "Show one state only": "एउटा अवस्थाका मात्र देखाउनुहोस्",
    "online": "चालु",
    "offline": "सम्पर्कमा छैन",
    "maintenance": "मर्मतमा",
    "empty or full": "रित्तो वा भरिएको",
    "{count} banks": "{count} पावर बैंक",
    "{count} free slots": "{count} खाली स्लट",
    "{city}: {count} stations": "{city}: {count} स्टेशन",
    "No station here.": "यहाँ स्टेशन छैन।",
    "Move the map or show it from farther away. Every active station stands on it.": (
        "नक्सा सार्नुहोस् वा टाढाबाट हेर्नुहोस्। सबै सक्रिय स्टेशन यसमा देखिन्छन्।"
    ),
    "More of them": "अझ देखाउनुहोस्",
}
