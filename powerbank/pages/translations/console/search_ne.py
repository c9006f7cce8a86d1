"""The search in Nepali."""

SEARCH = {
    "Search": "खोज्नुहोस्",
    "Search everything; Ctrl-K does so from anywhere": "सबै खोज्नुहोस्; Ctrl-K ले जहाँबाट पनि खोल्छ",
    "Name, phone, e-mail, station, serial, rental, payment or coupon": (
        "नाम, फोन, इमेल, स्टेशन, सिरियल, भाडा, भुक्तानी वा कुपन"
    ),
    "Two letters at least.": "कम्तीमा दुई अक्षर।",
    "Nothing begins with that. A payment is found by its whole reference.": (
        "त्यसरी सुरु हुने केही छैन। भुक्तानी यसको पूरा सन्दर्भ नम्बरले भेटिन्छ।"
    ),
    "Opened lately": "भर्खरै खोलिएका",
    "What you open stands here the next time.": "तपाईंले खोल्नुभएका कुरा अर्को पटक यहाँ देखिन्छन्।",
    "Top-up": "टप-अप",
    "Coupon": "कुपन",
}
