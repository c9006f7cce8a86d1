"""What partners and payouts refuse, in Nepali."""

PARTNERS = {
    "9 digits.": "९ अङ्कको हुनुपर्छ।",
    'Write a percentage as text, "80.00".': 'प्रतिशत पाठका रूपमा लेख्नुहोस्, "80.00"।',
    "Must be at most 100.00.": "बढीमा 100.00 हुन सक्छ।",
    "An object with {parts}.": "{parts} भएको विवरण दिनुहोस्।",
    "At most 200 letters each.": "प्रत्येकमा बढीमा २०० अक्षर।",
    "Not a number or address that can be reached.": "यो नम्बर वा इमेलमा सम्पर्क गर्न मिल्दैन।",
    "Not an object.": "विवरणको प्रकार मिलेन।",
    "Give a phone number or an e-mail address.": "फोन नम्बर वा इमेल, एउटा मात्र दिनुहोस्।",
    "Does not go together with {kind}.": "{kind} सँग मिल्दैन।",
    "Must not be before it starts.": "सुरु हुनुभन्दा अघिको हुन मिल्दैन।",
    "Must not lie in the past; yesterday is the earliest.": "बितिसकेको हुन मिल्दैन; हिजोसम्म मात्र मिल्छ।",
    "Venue and franchise together get at most 100 percent.": "स्थल र फ्रेन्चाइजको जम्मा बढीमा १०० प्रतिशत हुन सक्छ।",
    "This partner belongs to no franchise.": "यो साझेदार कुनै फ्रेन्चाइजमा छैन।",
    "The first begins at 0.00, and each later one higher.": "पहिलो 0.00 बाट सुरु हुन्छ, र पछिका क्रमशः बढी हुन्छन्।",
    "There is no station {sn}.": "{sn} नामको स्टेसन छैन।",
    "There is no such franchise.": "यस्तो फ्रेन्चाइज छैन।",
    "There is no such partner.": "यस्तो साझेदार छैन।",
    "This month is not over.": "यो महिना सकिएको छैन।",
    "One of these stations has an agreement for some of these days.": (
        "यीमध्ये कुनै स्टेसनको यी दिनमध्ये केहीका लागि पहिल्यै सम्झौता छ।"
    ),
    "It can only end earlier than it does, and not before it starts.": (
        "यो अहिलेभन्दा अघि मात्र टुङ्ग्याउन मिल्छ, तर सुरु हुनुअघि मिल्दैन।"
    ),
    "A partner keeps at least one owner.": "साझेदारको कम्तीमा एक जना मालिक रहनुपर्छ।",
    "You belong to no partner.": "तपाईं कुनै साझेदारमा हुनुहुन्न।",
    "Only an owner of the partner may do this.": "यो काम साझेदारको मालिकले मात्र गर्न सक्छ।",
}
