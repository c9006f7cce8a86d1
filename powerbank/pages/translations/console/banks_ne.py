"""Power banks, and discrepancies about them, in Nepali."""

BANKS = {
    "Power banks": "पावरबैंकहरू",
    "No power banks.": "कुनै पावरबैंक छैन।",
    "A power bank stands here once it is registered; new ones are in a warehouse.": (
        "दर्ता भएका पावरबैंक यहाँ देखिन्छन्; नयाँ गोदाममा हुन्छन्।"
    ),
    "Serial": "सिरियल",
    "How it begins.": "कसरी सुरु हुन्छ।",
    "Where": "कहाँ",
    "Battery": "चार्ज",
    "Battery below": "योभन्दा कम चार्ज",
    "In percent, of those in a slot.": "प्रतिशतमा, स्लटमा भएकामध्ये।",
    "Health": "हालत",
    "good": "ठीक",
    "Held back": "रोकिएको",
    "Model": "मोडेल",
    "slot": "स्लटमा",
    "user": "व्यक्तिसँग",
    "crew": "फिल्ड टोली",
    "warehouse": "गोदाममा",
    "quarantined": "क्वारेन्टिनमा",
    "with a person": "व्यक्तिसँग",
    "with crew": "फिल्ड टोलीसँग",
    "a slot": "स्लट",
    "a warehouse": "गोदाम",
    "quarantine": "क्वारेन्टिन",
    # one of them
    "Quarantine": "क्वारेन्टिन",
    "Hold it back?": "रोकेर राख्ने?",
    "Hold it back": "रोकेर राख्नुहोस्",
    "It is not rented out until somebody releases it. In a slot it stays where it is.": (
        "कसैले नछोडेसम्म भाडामा दिइँदैन। स्लटमा छ भने त्यहीँ रहन्छ।"
    ),
    "In quarantine: it is not rented out.": "क्वारेन्टिनमा राखियो: भाडामा दिइँदैन।",
    "Released: it may be rented out again.": "छोडियो: फेरि भाडामा दिन मिल्छ।",
    "Found": "भेटियो",
    "Where was it found?": "कहाँ भेटियो?",
    "Found: it is in the stock again.": "भेटियो: फेरि मौज्दातमा छ।",
    "Say where it is": "कहाँ छ भन्नुहोस्",
    "Placed. The station of a slot has the last word.": "स्थान लेखियो। स्लटको हकमा स्टेशनको कुरा अन्तिम हुन्छ।",
    "Write off": "मिनाहा",
    "Is it gone for good?": "सधैँका लागि हराएको हो?",
    "Write it off": "मिनाहा गर्नुहोस्",
    "If a station ever shows it again, it is back.": "कुनै स्टेशनले फेरि देखायो भने यो फर्किन्छ।",
    "Written off. If a station ever shows it again, it is back.": "मिनाहा भयो। कुनै स्टेशनले फेरि देखायो भने यो फर्किन्छ।",
    "the rental": "भाडा",
    "since": "देखि",
    "All rentals of it": "यसका सबै भाडा",
    "Charging cycles": "चार्ज भएको पटक",
    "Where it was": "कहाँ-कहाँ थियो",
    "Where {serial} was; the table below says the same.": "{serial} कहाँ-कहाँ थियो; तलको तालिकामा पनि यही छ।",
    "Why": "किन",
    "now": "अहिले",
    "Where it is": "कहाँ छ",
    "Station, of a slot": "स्टेशन, स्लट भए",
    "Which warehouse, or who of the crew": "कुन गोदाम, वा टोलीको को",
    "It was found": "भेटियो",
    "It is there": "त्यहाँ छ",
    # registering
    "Serials, on lines of their own or with commas between them": "सिरियलहरू, छुट्टाछुट्टै हरफमा वा अल्पविराम राखेर",
    "More than {count} are registered by a job, which shows its progress. One that is known stays as it is.": (
        "{count} भन्दा बढी छन् भने पृष्ठभूमिको कामले दर्ता गर्छ र प्रगति देखाउँछ। पहिल्यै दर्ता भएको जस्ताको तस्तै रहन्छ।"
    ),
    "Register them": "दर्ता गर्नुहोस्",
    "Registered: {created}. Known already: {existing}.": "दर्ता भए: {created}। पहिल्यै दर्ता भएका: {existing}।",
    # discrepancies
    "Discrepancies": "नमिलेका कुरा",
    "No open discrepancies.": "नमिलेको कुरा छैन।",
    "A power bank that a station shows, misses or does not know, other than in our books.": (
        "स्टेशनले हाम्रो अभिलेखभन्दा फरक देखाएको, नभेटेको वा नचिनेको पावरबैंक।"
    ),
    "bank missing": "पावरबैंक भेटिएन",
    "bank elsewhere": "अर्को ठाउँको पावरबैंक",
    "bank of another place": "अर्को ठाउँको पावरबैंक",
    "unknown serial": "अपरिचित सिरियल",
    "Seen last": "पछिल्लो पटक देखिएको",
    "End it for good": "सधैँका लागि टुङ्ग्याउने",
    "Our books": "हाम्रो अभिलेख",
    "Warehouse": "गोदाम",
    "A count of the warehouse {name} found this.": "गोदाम {name} को गन्तीमा यो भेटियो।",
    "It lies in this warehouse": "यो यही गोदाममा छ",
    "Our books have it in this slot, and the station does not show it.": (
        "हाम्रो अभिलेखमा यो यस स्लटमा छ, तर स्टेशनले देखाउँदैन।"
    ),
    "It sits in this slot, and our books have it somewhere else.": "यो यस स्लटमा छ, तर हाम्रो अभिलेखमा अन्यत्र छ।",
    "It sits in this slot, and is in no register.": "यो यस स्लटमा छ, तर कुनै दर्तामा छैन।",
    "It is ours": "यो हाम्रो हो",
    "Take it into the stock. The next report of the station puts it into its slot.": (
        "मौज्दातमा लिनुहोस्। स्टेशनको अर्को प्रतिवेदनले यसलाई स्लटमा राख्छ।"
    ),
    "It is in the stock now, and in its slot with the next report of the station.": (
        "अब मौज्दातमा छ; स्टेशनको अर्को प्रतिवेदनसँगै स्लटमा देखिन्छ।"
    ),
    "It is where the station shows it": "स्टेशनले देखाएकै ठाउँमा छ",
    "Place it there": "त्यहीँ राख्नुहोस्",
    "It is somewhere else": "अन्यत्र छ",
    "It is gone": "हरायो",
    "It is known": "थाहा भएकै कुरा हो",
    "It stays settled as long as the station says the same.": "स्टेशनले उही भनुन्जेल यो टुङ्गिएको रहन्छ।",
    "Settled, as long as the station says the same.": "टुङ्गियो, स्टेशनले उही भनुन्जेल।",
}
