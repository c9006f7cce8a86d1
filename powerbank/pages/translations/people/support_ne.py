"""The pages on which venues and the crew write to staff, in Nepali."""

PEOPLE_SUPPORT = {
    "with us": "हामीकहाँ छ",
    "waits for you": "तपाईंको जवाफ बाँकी",
    "We are here": "हामी यहीँ छौँ",
    "You have an answer by {time}.": "{time} सम्ममा जवाफ पाउनुहुन्छ।",
    "Nobody is here now": "अहिले कोही छैन",
    "What you write now is answered by {time}.": "अहिले लेख्नुभएको कुराको जवाफ {time} सम्ममा आउँछ।",
    "Station {sn}": "स्टेशन {sn}",
    "Something else": "अन्य कुरा",
    "{count} new": "{count} नयाँ",
    "Write to us below. The answer stands here, and you are told of it.": (
        "तल हामीलाई लेख्नुहोस्। जवाफ यहीँ आउँछ र तपाईंलाई खबर गरिन्छ।"
    ),
    "Number of the station, if it is about one": "स्टेशनको नम्बर, स्टेशनको कुरा भए",
    "Picture": "तस्बिर",
    "It goes on in another conversation.": "यो अर्को कुराकानीमा जारी छ।",
    "You": "तपाईं",
    "read": "पढियो",
    "Support is writing…": "सहायता टोली लेख्दै छ…",
    "How did it go?": "कस्तो भयो?",
    "What we should know": "हामीले जान्नुपर्ने कुरा",
    "Give this rating": "यो मूल्याङ्कन गर्नुहोस्",
    "Write to us": "हामीलाई लेख्नुहोस्",
    "What is it?": "के कुरा हो?",
    "Your message": "तपाईंको सन्देश",
    "It is solved": "समाधान भयो",
    "A message to support": "सहायता टोलीलाई सन्देश",
    "A rating": "मूल्याङ्कन",
    "Write to us about this station": "यो स्टेशनबारे हामीलाई लेख्नुहोस्",
    "Thank you. Write again if there is something more.": "धन्यवाद। अरू केही भए फेरि लेख्नुहोस्।",
    "Thank you for telling us.": "जानकारीका लागि धन्यवाद।",
}
