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
    "You belong to several partners; say which one you mean.": "तपाईं धेरै साझेदारमा हुनुहुन्छ; कुन भन्नुहोस्।",
    "You belong to no partner.": "तपाईं कुनै साझेदारमा हुनुहुन्न।",
    "Only an owner of the partner may do this.": "यो काम साझेदारको मालिकले मात्र गर्न सक्छ।",
    # payouts
    "5 to 30 digits, letters or dashes.": "५ देखि ३० अङ्क, अक्षर वा ड्यास हुनुपर्छ।",
    "2 to 20 letters, digits or dashes.": "२ देखि २० अक्षर, अङ्क वा ड्यास हुनुपर्छ।",
    "Another request came at the same moment.": "त्यही बेला अर्को अनुरोध आयो।",
    "Whoever asked for an account does not confirm it.": "खाता माग्ने व्यक्तिले नै पुष्टि गर्न मिल्दैन।",
    "Nobody confirms an account of somebody that they belong to.": "आफू सदस्य भएको साझेदारको खाता पुष्टि गर्न मिल्दैन।",
    "The provider has not answered about this account yet.": "यो खाताबारे बैंकको जवाफ अझै आएको छैन।",
    "The provider knows no such account under this name.": "बैंकका अनुसार यो नाममा यस्तो खाता छैन।",
    "Number and name hardly belong together; give the reason why they do.": (
        "खाता नम्बर र नाम राम्रोसँग मिलेनन्; मिल्छ भने कारण लेख्नुहोस्।"
    ),
    "This request has been decided.": "यो अनुरोधको निर्णय भइसकेको छ।",
    "What is paid by hand has no number.": "हातैले तिरिने खातामा नम्बर हुँदैन।",
    "Whoever asked for the run does not approve its payouts.": "चक्र सुरु गर्ने व्यक्तिले नै त्यसका भुक्तानी स्वीकृत गर्न मिल्दैन।",
    "Nobody decides of a payout to somebody that they belong to.": "आफू सदस्य भएको साझेदारको भुक्तानीबारे निर्णय गर्न मिल्दैन।",
    "This payee has a newer payout.": "यो पाउनेको यसभन्दा नयाँ भुक्तानी छ।",
    "This much is not payable any more.": "यति रकम अब तिर्न बाँकी छैन।",
    "This payee has no account that can be paid to.": "यो पाउनेको भुक्तानी गर्न मिल्ने खाता छैन।",
    "The account is new, and is not paid to yet.": "खाता नयाँ भएकाले यसमा अहिले नै भुक्तानी गरिँदैन।",
    "The provider says what becomes of this payout.": "यो भुक्तानीको नतिजा भुक्तानी सेवाले नै बताउँछ।",
    "A second person says what became of a payout.": "भुक्तानीको नतिजा अर्को व्यक्तिले बताउनुपर्छ।",
    "The account was changed; cancel this payout, and the next run pays.": (
        "खाता बदलिएको छ; यो भुक्तानी रद्द गर्नुहोस्, अर्को चक्रले तिर्छ।"
    ),
    "The first line must name these columns too: {columns}.": "पहिलो हरफमा यी स्तम्भ पनि हुनुपर्छ: {columns}।",
    "Not a CSV file in UTF-8.": "यो UTF-8 को CSV फाइल होइन।",
    "This does not go while a payout is {status}.": "भुक्तानी {status} अवस्थामा हुँदा यो गर्न मिल्दैन।",
    "The cutoff lies in the future.": "हिसाब बन्द गर्ने समय भविष्यको छ।",
    "Nothing of this file was taken over.": "यो फाइलबाट केही लिइएन।",
    "This way to pay out is not set up.": "यसरी भुक्तानी गर्ने व्यवस्था गरिएको छैन।",
    "Khalti's wallets are not paid to here.": "यहाँबाट खल्ती वालेटमा भुक्तानी हुँदैन।",
}
