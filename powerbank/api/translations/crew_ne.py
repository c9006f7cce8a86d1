"""What the crew's domain and warehouses refuse, in Nepali."""

CREW = {
    "That is yourself.": "त्यो तपाईं आफैं हुनुहुन्छ।",
    "Give serials, or slot_numbers.": "पावर बैंकको नम्बर वा स्लट नम्बर, एउटा मात्र दिनुहोस्।",
    "A member takes what is given to a member.": "सदस्यलाई दिँदा मात्र सदस्य भन्नुहोस्।",
    "Does not go together with place `member`.": "`member` सँग मिल्दैन।",
    "Must be from 1 to 2.5.": "१ देखि २.५ सम्म हुनुपर्छ।",
    "Must be above surge_from.": "surge_from भन्दा बढी हुनुपर्छ।",
    "You are no member of the crew.": "तपाईं फिल्ड टोलीमा हुनुहुन्न।",
    "This station is outside your zones.": "यो स्टेसन तपाईंको क्षेत्रमा पर्दैन।",
    "Somebody else has this task.": "यो काम अर्को सदस्यले लिइसकेका छन्।",
    "This task is over: {status}.": "यो काम सकिइसकेको छ: {status}।",
    "Claim this task first.": "पहिले यो काम लिनुहोस्।",
    "You have {most} tasks already; finish or release one first.": (
        "तपाईंसँग {most} वटा काम भइसके। पहिले एउटा सक्नुहोस् वा छोड्नुहोस्।"
    ),
    "The station has a task of this kind that is not over.": "यो स्टेसनमा यस्तै काम अझै सकिएको छैन।",
    "The station does not show yet that this is done. When it does, it is done.": (
        "काम सकिएको स्टेसनले अझै देखाएको छैन। देखाउनासाथ काम आफैं सकिन्छ।"
    ),
    "No shift has begun.": "पाली सुरु भएको छैन।",
    "No break has begun.": "विश्राम सुरु भएको छैन।",
    "Finish or release your tasks, and hand in the power banks that you have, before the shift ends.": (
        "पाली सक्नुअघि आफ्ना काम सक्नुहोस् वा छोड्नुहोस्, र आफूसँग भएका पावर बैंक बुझाउनुहोस्।"
    ),
    "You do not have these power banks.": "यी पावर बैंक तपाईंसँग छैनन्।",
    "These power banks are not in this station.": "यी पावर बैंक यो स्टेसनमा छैनन्।",
    "There is no power bank in these slots.": "यी स्लटमा पावर बैंक छैन।",
    "These power banks are promised to somebody.": "यी पावर बैंक अरू कसैका लागि राखिएका छन्।",
    "These power banks do not lie in this warehouse.": "यी पावर बैंक यो गोदाममा छैनन्।",
    "Hand in your power banks and tasks of the crew first.": "पहिले फिल्ड टोलीका पावर बैंक र काम बुझाउनुहोस्।",
    "Give a user_id, a phone number or an e-mail address.": "user_id, फोन नम्बर वा इमेल, एउटा मात्र दिनुहोस्।",
    "Give both lat and lng, or neither.": "lat र lng दुवै दिनुहोस्, वा कुनै पनि नदिनुहोस्।",
    "There is no such pay plan.": "यस्तो ज्याला योजना छैन।",
    "There is no such warehouse.": "यस्तो गोदाम छैन।",
    "This person is a member of the crew already.": "यी व्यक्ति फिल्ड टोलीमा भइसकेका छन्।",
    "Nobody has signed up with this yet.": "यसबाट अहिलेसम्म कसैको खाता खुलेको छैन।",
    "There is no such person.": "यस्तो व्यक्ति छैन।",
    "There is no such time zone.": "यस्तो समय क्षेत्र छैन।",
    "This photo was sent for another task before. Take a new one.": (
        "यो तस्बिर पहिले अर्को कामका लागि पठाइएको थियो। नयाँ खिच्नुहोस्।"
    ),
    "You are {distance} metres from this station.": "तपाईं यो स्टेसनबाट {distance} मिटर टाढा हुनुहुन्छ।",
    "Another warehouse was made the main one just now.": "भर्खरै अर्को गोदाम मुख्य बनाइयो।",
}
