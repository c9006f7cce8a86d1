"""The section of partners and payouts, in Nepali."""

PARTNERS = {
    # lists
    "Runs": "भुक्तानी चक्र",
    "Bank files": "बैंक फाइल",
    "Payout accounts": "भुक्तानी खाता",
    "No partners.": "साझेदार छैनन्।",
    "A partner hosts stations and earns a share of what they take.": "साझेदारले स्टेशन राख्छ र त्यसको आम्दानीबाट हिस्सा पाउँछ।",
    "Its beginning.": "नामको सुरु।",
    "PAN": "प्यान",
    "No payouts.": "भुक्तानी छैन।",
    "A run makes one for each payee with enough to be paid, each night or when it is asked for.": (
        "हरेक रात वा मागेको बेला चल्ने चक्रले पुग्दो रकम भएका प्रत्येकको भुक्तानी बनाउँछ।"
    ),
    "Payee": "पाउने",
    "Payee's id": "पाउनेको परिचय नम्बर",
    "Goes by": "माध्यम",
    "The provider said": "प्रदायकले भनेको",
    "Approved by": "स्वीकृत गर्ने",
    "Earned up to": "यस समयसम्मको आम्दानी",
    "No runs.": "चक्र चलेको छैन।",
    "Each night at 23:59 a run makes the payouts of the day.": "हरेक रात २३:५९ मा चक्रले दिनको भुक्तानी बनाउँछ।",
    "No account waits.": "पर्खिरहेको खाता छैन।",
    "What a payee wants to be paid to stands here until a second person agrees.": (
        "पाउनेले मागेको खाता दोस्रो व्यक्तिले नमानेसम्म यहाँ रहन्छ।"
    ),
    "In the name of": "खातावालाको नाम",
    "Agreement of name and number": "नाम र नम्बरको मेल",
    "Asked": "मागेको",
    "Accruals": "जम्मा हुँदै गएको हिस्सा",
    "No accruals.": "हिस्सा जम्मा भएको छैन।",
    "Each fee and each refund of a rental at a station of the partner stands here.": (
        "साझेदारको स्टेशनका भाडाको हरेक शुल्क र फिर्ता यहाँ रहन्छ।"
    ),
    "Month": "महिना",
    "Gross": "कुल",
    "Tax": "कर",
    "Withheld tax": "कट्टी कर",
    "Accrue history": "पुरानो हिस्सा जम्मा गर्ने",
    "Accrue what was earned before?": "पहिलेको आम्दानीको हिस्सा जम्मा गर्ने?",
    "Rentals that earned before their station's agreement was entered are shared now. "
    "What is accrued already stays as it is.": (
        "सम्झौता राख्नुअघि कमाएका भाडाको हिस्सा अहिले बाँडिन्छ। जम्मा भइसकेको जस्ताको तस्तै रहन्छ।"
    ),
    # one partner
    "New partner": "नयाँ साझेदार",
    "A franchise holds venues, and earns from their stations too.": (
        "फ्रेन्चाइजअन्तर्गत स्थलहरू हुन्छन्, तिनका स्टेशनबाट पनि उसले पाउँछ।"
    ),
    "Nine digits.": "नौ अंक।",
    "Franchise": "फ्रेन्चाइज",
    "Whom to reach": "सम्पर्क व्यक्ति",
    "Statements and notices go there.": "विवरण र सूचना त्यहीँ जान्छन्।",
    "Edit this partner": "साझेदारको विवरण सच्याउने",
    "Registered for VAT": "भ्याटमा दर्ता छ",
    "Active: runs pay it": "सक्रिय: चक्रले भुक्तानी दिन्छ",
    "The partner now": "साझेदार अहिले",
    "payable now": "अहिले दिनुपर्ने",
    "earned this month": "यो महिनाको आम्दानी",
    "rentals this month": "यो महिनाका भाडा",
    "stations": "स्टेशन",
    "VAT": "भ्याट",
    "registered": "दर्ता छ",
    "not registered": "दर्ता छैन",
    "Earnings by day": "दैनिक आम्दानी",
    "Nothing was earned in these days.": "यी दिनमा आम्दानी भएन।",
    "This month by station": "यो महिना, स्टेशनअनुसार",
    "for the month": "महिनाभरको",
    "All accruals": "सबै हिस्सा",
    "Invite": "निम्तो दिने",
    "Let somebody belong to this partner": "कसैलाई यस साझेदारको सदस्य बनाउने",
    "Phone or e-mail": "फोन वा इमेल",
    "Owners invite others and choose the account; viewers only look.": (
        "मालिकले अरूलाई निम्तो दिन्छ र खाता छान्छ; दर्शकले हेर्न मात्र पाउँछ।"
    ),
    "joined": "जोडिएको",
    "invited": "निम्तो दिइएको",
    "Invited: whoever signs in with this address belongs to the partner.": (
        "निम्तो दिइयो: यो ठेगानाबाट साइन इन गर्ने व्यक्ति साझेदारको सदस्य हुन्छ।"
    ),
    "Remove": "हटाउने",
    "End this membership?": "यो सदस्यता अन्त्य गर्ने?",
    "The person loses access at once.": "व्यक्तिको पहुँच तुरुन्तै जान्छ।",
    "The membership has ended.": "सदस्यता अन्त्य भयो।",
    "Whoever is invited sees the partner's stations, earnings and statements.": (
        "निम्तो पाएकाले साझेदारका स्टेशन, आम्दानी र विवरण देख्छन्।"
    ),
    "owner": "मालिक",
    "venue": "स्थल",
    "franchise": "फ्रेन्चाइज",
    "partner": "साझेदार",
    # agreements
    "Agreements": "सम्झौता",
    "New agreement": "नयाँ सम्झौता",
    "No agreements.": "सम्झौता छैन।",
    "An agreement says what the partner gets at which stations, from one day on.": (
        "साझेदारले कुन दिनदेखि कुन स्टेशनमा के पाउँछ भन्ने सम्झौतामा हुन्छ।"
    ),
    "Agreements of each station over time": "समयअनुसार हरेक स्टेशनका सम्झौता",
    "What it gives": "के दिन्छ",
    "and {count} more": "र अरू {count}",
    "End": "अन्त्य गर्ने",
    "End this agreement": "यो सम्झौता अन्त्य गर्ने",
    "Its last day": "अन्तिम दिन",
    "What rentals of these days earn later still belongs to it.": "यी दिनका भाडाले पछि कमाएको पनि यसैको हुन्छ।",
    "The agreement ends on this day.": "सम्झौता यो दिन अन्त्य हुन्छ।",
    "The agreement is made. It is never edited, only ended.": "सम्झौता बन्यो। यो सच्याइँदैन, अन्त्य मात्र गरिन्छ।",
    "{percent} % of the revenue": "आम्दानीको {percent} %",
    "{percent} % from {amount} on": "{amount} देखि {percent} %",
    "a rent of {amount} a month": "महिनाको {amount} भाडा",
    "at least {amount} a month": "महिनाको कम्तीमा {amount}",
    "{percent} % for the franchise": "फ्रेन्चाइजलाई {percent} %",
    "VAT {vat} %, withheld tax {withheld} %": "भ्याट {vat} %, कट्टी कर {withheld} %",
    "Empty: until somebody ends it.": "खाली: कसैले अन्त्य नगरेसम्म।",
    "Their numbers, one on a line.": "तिनका नम्बर, एक हरफमा एउटा।",
    "Share in percent": "हिस्सा प्रतिशतमा",
    "Empty: the network's usual share.": "खाली: नेटवर्कको सामान्य हिस्सा।",
    "Rent a month": "मासिक भाडा",
    "At least a month": "मासिक न्यूनतम",
    "Percent of the franchise": "फ्रेन्चाइजको प्रतिशत",
    "Withheld tax in percent": "कट्टी कर प्रतिशतमा",
    "Empty: what the law says today.": "खाली: आजको कानुनअनुसार।",
    "Steps of a share that grows": "बढ्दै जाने हिस्साका खुड्किला",
    "The first step begins at 0.00, each later one at a higher revenue of the month.": (
        "पहिलो खुड्किला 0.00 बाट सुरु हुन्छ, पछिल्ला महिनाको बढी आम्दानीबाट।"
    ),
    "From a month's revenue of": "महिनाको यति आम्दानीदेखि",
    "Make the agreement": "सम्झौता बनाउने",
    "What would it have paid?": "यसले कति दिने थियो?",
    "What these terms would have paid": "यी सर्तले दिने थिए",
    "Rent": "भाडा रकम",
    "Up to the minimum": "न्यूनतम पुर्‍याउन",
    "Share of the franchise": "फ्रेन्चाइजको हिस्सा",
    "Payable": "दिनुपर्ने",
    "starts on": "सुरु हुने दिन",
    "ends on": "अन्त्य हुने दिन",
    "terms": "सर्त",
    "guarantee": "न्यूनतम",
    "rent": "भाडा रकम",
    # accounts
    "Another account": "अर्को खाता",
    "Ask for another account": "अर्को खाता माग्ने",
    "Ask for it": "माग्ने",
    "It is asked for. The provider checks it, and a second person confirms it.": (
        "मागियो। प्रदायकले जाँच्छ, र दोस्रो व्यक्तिले पक्का गर्छ।"
    ),
    "It is confirmed, and is paid to after it has cooled off.": "पक्का भयो, पर्खाइको समय सकिएपछि यसमा भुक्तानी हुन्छ।",
    "Paid to from": "यस समयदेखि भुक्तानी",
    "is being asked": "सोधिँदै छ",
    "{score} % agreement": "{score} % मेल",
    "Confirm this account?": "यो खाता पक्का गर्ने?",
    "Reason, where name and number hardly agree": "नाम र नम्बर कम मिलेमा कारण",
    "Reject this account?": "यो खाता अस्वीकार गर्ने?",
    "No account.": "खाता छैन।",
    "Without a confirmed account no run pays this partner; the balance carries over.": (
        "पक्का खाता नभई यस साझेदारलाई भुक्तानी हुँदैन; मौज्दात सर्दै जान्छ।"
    ),
    "Bank": "बैंक",
    "bank": "बैंक",
    "Bank's code": "बैंकको कोड",
    "Only for a bank, such as 0401-1.": "बैंकका लागि मात्र, जस्तै 0401-1।",
    "by hand": "हातैले",
    "confirmed": "पक्का",
    # payouts
    "A run makes one once enough is payable.": "पुग्दो रकम भएपछि चक्रले बनाउँछ।",
    "Nobody knows yet whether the provider has taken it.": "प्रदायकले लियो कि लिएन, अझै थाहा छैन।",
    "It is asked again and again, and is never sent under another number.": (
        "बारम्बार सोधिन्छ, अर्को नम्बरबाट कहिल्यै पठाइँदैन।"
    ),
    "The money is payable again.": "रकम फेरि दिनुपर्ने भयो।",
    "Hold": "रोक्ने",
    "Hold this payout?": "यो भुक्तानी रोक्ने?",
    "It is kept back, and its money with it, until somebody releases it.": "कसैले नखोलेसम्म यो र यसको रकम रोकिन्छ।",
    "Release this payout?": "यो भुक्तानी खोल्ने?",
    "Somebody approves it again.": "कसैले फेरि स्वीकृत गर्छ।",
    "Try again": "फेरि प्रयास गर्ने",
    "Try this payout again?": "यो भुक्तानी फेरि प्रयास गर्ने?",
    "It goes under a number of its own, to the account that is confirmed now. Somebody approves it again.": (
        "यो नयाँ नम्बरबाट अहिले पक्का भएको खातामा जान्छ। कसैले फेरि स्वीकृत गर्छ।"
    ),
    "Give up": "त्याग्ने",
    "Give this payout up?": "यो भुक्तानी त्याग्ने?",
    "The next run pays the balance.": "अर्को चक्रले मौज्दात दिन्छ।",
    "Say what became of it": "के भयो भन्ने",
    "What became of this payout?": "यो भुक्तानीको के भयो?",
    "Its number at the bank or provider": "बैंक वा प्रदायकको नम्बर",
    "Reason, if it failed": "असफल भए कारण",
    "Say so": "जनाउने",
    "It is noted.": "टिपियो।",
    "try {number}": "प्रयास {number}",
    "its run": "यसको चक्र",
    "Bank file": "बैंक फाइल",
    "bank file": "बैंक फाइल",
    "npi": "connectIPS बैंक",
    "taken by": "लैजाने",
    "Last asked": "पछिल्लो पटक सोधेको",
    "Outcome said by": "नतिजा जनाउने",
    "One person says that it was paid.": "एक जनाले भुक्तानी भयो भनेका छन्।",
    "One person says that it was not paid.": "एक जनाले भुक्तानी भएन भनेका छन्।",
    "A second person says so too, with the same number, before it counts.": "दोस्रो व्यक्तिले उही नम्बर भनेपछि मान्य हुन्छ।",
    "written when it is paid": "भुक्तानी भएपछि लेखिन्छ",
    "What it pays": "यसले तिर्ने",
    "{count} lines": "{count} हरफ",
    "These are the first; the statement has all of them.": "यी पहिला हुन्; विवरणमा सबै छन्।",
    "draft": "मस्यौदा",
    "awaiting approval": "स्वीकृति पर्खिँदै",
    "sending": "पठाइँदै",
    "paid": "भुक्तान भयो",
    # statements
    "Statements": "विवरण",
    "What for": "केको",
    "Closing balance": "अन्तिम मौज्दात",
    "No statements.": "विवरण छैन।",
    "One is written when a payout is paid, and one for each month.": "भुक्तानी हुँदा एउटा र हरेक महिनाको एउटा लेखिन्छ।",
    # runs
    "Make payouts now?": "अहिले भुक्तानी बनाउने?",
    "Each payee with enough to be paid gets one payout of what was earned up to this moment. "
    "You will not be the one who approves them.": (
        "पुग्दो रकम भएका प्रत्येकले यस क्षणसम्मको आम्दानीको एउटा भुक्तानी पाउँछन्। स्वीकृत गर्ने तपाईं हुनुहुन्न।"
    ),
    "The run has begun.": "चक्र सुरु भयो।",
    "A payout run": "भुक्तानी चक्र",
    "{done} of {total} payees": "{total} मध्ये {done} पाउने",
    "What came of it": "नतिजा",
    "payouts": "भुक्तानी",
    "Nobody had enough to be paid, or the reasons stand below.": "कसैको पुग्दो रकम थिएन, वा कारण तल छन्।",
    "below minimum": "न्यूनतमभन्दा कम",
    "negative balance": "ऋणात्मक मौज्दात",
    "no confirmed account": "पक्का खाता छैन",
    "account cooling off": "खाता पर्खाइमा",
    "payout open": "अघिल्लो भुक्तानी सकिएको छैन",
    "later payout": "पछिल्लो चक्रले तिरिसकेको",
    "provider unavailable": "प्रदायक छैन",
    # files
    "Take the file to the bank's portal, and bring its answers back. "
    "Whoever has taken the file does not say what became of its payouts.": (
        "फाइल बैंकको पोर्टलमा लैजानुहोस्, र जवाफ ल्याउनुहोस्। फाइल लैजानेले भुक्तानीको नतिजा जनाउँदैन।"
    ),
    "Nothing of this file was taken over.": "यो फाइलबाट केही लिइएन।",
    "File": "फाइल",
    "taken to the bank": "बैंकमा लगिएको",
    "to be taken to the bank": "बैंकमा लैजानुपर्ने",
    "Take the file": "फाइल लैजाने",
    "The bank's answers": "बैंकका जवाफ",
    "Bring the bank's answers": "बैंकका जवाफ ल्याउने",
    "A CSV with these columns:": "यी स्तम्भ भएको CSV:",
    "Take them over": "लिने",
    "No bank files.": "बैंक फाइल छैन।",
    "Payouts to banks stand in the file of their day, where no program pays them.": (
        "कुनै प्रणालीले नतिर्ने ठाउँमा बैंकका भुक्तानी त्यस दिनको फाइलमा रहन्छन्।"
    ),
    "{paid} were paid, {failed} failed, {known} were known before.": (
        "{paid} तिरिए, {failed} असफल, {known} अघिदेखि थाहा थिए।"
    ),
}
