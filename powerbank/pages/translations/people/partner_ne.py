"""The pages of a partner's own people, in Nepali."""

PARTNER = {
    "Earnings": "आम्दानी",
    "your share today": "आजको तपाईंको हिस्सा",
    "rentals today": "आजका भाडा",
    "your share this month": "यो महिनाको तपाईंको हिस्सा",
    "to be paid to you": "तपाईंलाई दिनुपर्ने",
    "More was refunded than earned. What you earn next makes up for it; nothing is collected from you.": (
        "आम्दानीभन्दा बढी फिर्ता भयो। अब कमाएकोबाट मिलाइन्छ; तपाईंबाट केही लिइँदैन।"
    ),
    "A station stands here once an agreement names it.": "सम्झौतामा परेको स्टेशन यहाँ देखिन्छ।",
    "{count} to rent": "{count} भाडामा दिन मिल्ने",
    "Days": "दिन",
    "{count} days": "{count} दिन",
    "By station": "स्टेशनअनुसार",
    "Taken": "उठेको रकम",
    "Your share": "तपाईंको हिस्सा",
    "Paid in these days": "यी दिनमा भुक्तानी",
    "No earnings.": "आम्दानी छैन।",
    "Each rental that begins at one of your stations adds to them at once.": (
        "तपाईंको स्टेशनबाट सुरु हुने हरेक भाडा तुरुन्तै जोडिन्छ।"
    ),
    "More": "थप",
    "Open issues": "खुला समस्या",
    "None that we know of.": "हामीलाई थाहा भएको केही छैन।",
    "Report an issue": "समस्या जनाउने",
    "What is wrong here?": "यहाँ के बिग्रियो?",
    "What you see": "तपाईंले के देख्नुभयो",
    "Thank you. We are looking into it.": "धन्यवाद। हामी हेर्दै छौं।",
    "You are paid once enough is payable and your account is confirmed.": (
        "पुग्दो रकम जम्मा भएर खाता पक्का भएपछि भुक्तानी हुन्छ।"
    ),
    "Let somebody see these pages": "कसैलाई यी पृष्ठ देखाउने",
    "Invited. Whoever signs in with this number or address sees these pages.": (
        "निम्तो दिइयो। यो नम्बर वा ठेगानाबाट साइन इन गर्नेले यी पृष्ठ देख्छ।"
    ),
    "Where you are paid": "तपाईंको भुक्तानी खाता",
    "We check it, and pay to it after a while in which all owners can object.": (
        "हामी जाँच्छौं, र सबै मालिकले आपत्ति जनाउन सक्ने समयपछि यसमा भुक्तानी गर्छौं।"
    ),
    "Asked for. We check it, and all owners are told.": "मागियो। हामी जाँच्छौं, र सबै मालिकलाई खबर हुन्छ।",
    "Until one is confirmed you are not paid, and your balance waits for you.": (
        "खाता पक्का नभएसम्म भुक्तानी हुँदैन, मौज्दात तपाईंकै रहन्छ।"
    ),
}
