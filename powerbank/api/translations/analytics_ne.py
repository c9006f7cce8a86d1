"""The refusals of figures in Nepali."""

ANALYTICS = {
    "From the first day on, at most {days} days later.": "पहिलो दिनदेखि, बढीमा {days} दिनसम्म।",
    "Give a range, or from and to.": "अवधि दिनुहोस्, वा कहिलेदेखि र कहिलेसम्म।",
    "Give both from and to.": "कहिलेदेखि र कहिलेसम्म दुवै दिनुहोस्।",
    "Hours are kept for a hundred days, and shown for ninety at once.": "घण्टाको तथ्याङ्क सय दिन राखिन्छ,"
    " एकपटकमा नब्बे दिनको देखाइन्छ।",
    "Not after the last day, and at most {days} days before it.": "अन्तिम दिनभन्दा पछि होइन, र बढीमा {days} दिन अघि।",
    "A day such as 2026-11-29, a week such as 2026-W48, or a month such as 2026-11, which is over.": "बितिसकेको दिन"
    " (2026-11-29), हप्ता (2026-W48) वा महिना (2026-11) लेख्नुहोस्।",
    "Today at most.": "बढीमा आज।",
}
