"""The built-in texts in Nepali. A test checks that they have the same types and values as the English ones."""

from types import MappingProxyType

from powerbank.notifications.people.notice_types import NoticeType

NEPALI = MappingProxyType(
    {
        NoticeType.OTP: (
            "तपाईंको Powerbank कोड",
            "{code} तपाईंको Powerbank कोड हो। यो ५ मिनेटसम्म मान्य छ। यो कोड कसैलाई नभन्नुहोस्।",
        ),
        NoticeType.WELCOME: (
            "Powerbank मा स्वागत छ",
            "प्रोफाइल पूरा गरी परिचय प्रमाणित गर्नुहोस्, त्यसपछि जुनसुकै स्टेसनबाट पावर बैंक लिन सक्नुहुन्छ।",
        ),
        NoticeType.ACCOUNT_SECURITY: (
            "तपाईंको साइन-इन विवरण परिवर्तन भयो",
            "अब तपाईंको Powerbank खातामा साइन इन गर्न {masked} प्रयोग हुन्छ। यो तपाईंले गर्नुभएको होइन भने "
            "तुरुन्तै हामीलाई सम्पर्क गर्नुहोस्।",
        ),
        NoticeType.ACCOUNT_STATUS: (
            "तपाईंको खाताको अवस्था परिवर्तन भयो",
            "तपाईंको Powerbank खाताको अवस्था अब {status:status} छ। {reason}",
        ),
        NoticeType.KYC_SUBMITTED: (
            "तपाईंका कागजात प्राप्त भए",
            "हामी तपाईंका परिचयका कागजात जाँच गर्दैछौं। जाँच सकिनेबित्तिकै तपाईंलाई खबर गर्नेछौं।",
        ),
        NoticeType.KYC_APPROVED: (
            "तपाईंको परिचय प्रमाणित भयो",
            "अब तपाईं जुनसुकै स्टेसनबाट पावर बैंक लिन सक्नुहुन्छ।",
        ),
        NoticeType.KYC_REJECTED: (
            "तपाईंको परिचय प्रमाणित हुन सकेन",
            "कारण: {reason}। कृपया आफ्ना कागजात फेरि पठाउनुहोस्।",
        ),
        NoticeType.PAYMENT_READY: (
            "भुक्तानी पृष्ठ तयार छ",
            "वालेटमा {amount:money} हाल्न एपमा भुक्तानी पृष्ठ खोल्नुहोस्।",
        ),
        NoticeType.TOPUP_SUCCESS: (
            "टप-अप प्राप्त भयो",
            "तपाईंको वालेटमा {amount:money} थपियो। अहिलेको मौज्दात {balance:money} छ।",
        ),
        NoticeType.TOPUP_FAILED: (
            "टप-अप असफल भयो",
            "तपाईंको {amount:money} को टप-अप हुन सकेन। एपबाट फेरि प्रयास गर्न सक्नुहुन्छ।",
        ),
        NoticeType.TOPUP_CHARGED_BACK: (
            "टप-अप फिर्ता लगियो",
            "तपाईंको बैंक वा भुक्तानी सेवाले टप-अपको {amount:money} फिर्ता लग्यो। यो रकम तपाईंको वालेटबाट घटाइएको छ।",
        ),
        NoticeType.TOPUP_GIVEN_BACK: (
            "टप-अप फेरि तपाईंको भयो",
            "फिर्ता लगिएको टप-अपको {amount:money} फेरि आयो। यसका लागि तिर्न बाँकी रकम पहिले तिरिन्छ।",
        ),
        NoticeType.PURCHASE_SUCCESS: ("भुक्तानी भयो", "तपाईंले {package} का लागि {amount:money} तिर्नुभयो।"),
        NoticeType.RENTAL_STARTED: (
            "तपाईंको पावर बैंक तयार छ",
            "{station} को स्लट {slot_number:number} बाट पावर बैंक लिनुहोस्। {due_at:time} भित्र जुनसुकै स्टेसनमा फिर्ता गर्नुहोस्।",
        ),
        NoticeType.RENTAL_FAILED: (
            "पावर बैंक निस्किएन",
            "{station} मा तपाईंको भाडा सुरु भएन। तपाईंले केही तिर्नु पर्दैन।",
        ),
        NoticeType.RENTAL_ENDING_SOON: (
            "तपाईंको भाडाको समय सकिन लाग्यो",
            "{due_at:time} भित्र पावर बैंक फिर्ता गर्नुहोस्, वा एपबाट समय थप्नुहोस्।",
        ),
        NoticeType.RENTAL_OVERDUE: (
            "तपाईंको भाडाको समय नाघ्यो",
            "तपाईंको भाडाको समय {due_at:time} मा सकियो। फिर्ता नगरेसम्म सुरु भएको प्रत्येक घण्टाको {rate:money} लाग्छ।",
        ),
        NoticeType.RENTAL_COMPLETED: (
            "फिर्ता गर्नुभएकोमा धन्यवाद",
            "तपाईंको {minutes:number} मिनेटको भाडा पूरा भयो। जम्मा {amount:money} लाग्यो।",
        ),
        NoticeType.RENTAL_EXTENDED: (
            "भाडाको समय थपियो",
            "तपाईं पावर बैंक {due_at:time} सम्म राख्न सक्नुहुन्छ।",
        ),
        NoticeType.RENTAL_CANCELLED: (
            "भाडा रद्द भयो",
            "तपाईंको भाडा रद्द भयो र {amount:money} तपाईंलाई फिर्ता भयो।",
        ),
        NoticeType.RENTAL_LOST: (
            "तपाईंको पावर बैंक हराएको मानियो",
            "यसका लागि {amount:money} लिइएको छ। ३० दिनभित्र फिर्ता गर्नुभयो भने शुल्कभन्दा बढी रकम फिर्ता गर्नेछौं।",
        ),
        NoticeType.RETURN_PAUSED: (
            "तपाईंको भाडाको समय रोकिएको छ",
            "{go_to} को स्लट {slot_number:number} तपाईंका लागि {paused_until:time} सम्म राखिएको छ। "
            "त्यतिन्जेल त्यहीँ फिर्ता गर्नुभयो भने अहिलेदेखिको समयको केही लाग्दैन।",
        ),
        NoticeType.RETURN_PAUSED_ANYWHERE: (
            "तपाईंको भाडाको समय रोकिएको छ",
            "{paused_until:time} भित्र अर्को कुनै स्टेसनमा फिर्ता गर्नुभयो भने अहिलेदेखिको समयको केही लाग्दैन।",
        ),
        NoticeType.RETURN_SLOT_MOVED: (
            "तपाईंका लागि अर्को स्लट राखियो",
            "कृपया {go_to} जानुहोस्। त्यहाँको स्लट {slot_number:number} तपाईंका लागि {paused_until:time} सम्म राखिएको छ।",
        ),
        NoticeType.RETURN_SLOT_GONE: (
            "तपाईंको स्लट भरियो",
            "अर्को स्लट राख्न सकिएन। {paused_until:time} सम्म जुनसुकै स्टेसनमा फिर्ता गरे हुन्छ।",
        ),
        NoticeType.RETURN_PAUSE_OVER: (
            "तपाईंको भाडाको समय फेरि चल्यो",
            "पावर बैंक समयमै फिर्ता भएन, त्यसैले समय नरोकिएसरह हिसाब हुन्छ।",
        ),
        NoticeType.RESERVATION_EXPIRED: (
            "तपाईंका लागि राखिएको पावर बैंक अब खुला भयो",
            "तपाईं समयमै {station} मा नपुग्नुभएकाले पावर बैंक अरूका लागि खुला भयो। तपाईंले केही तिर्नु पर्दैन।",
        ),
        NoticeType.RESERVATION_CHARGED: (
            "तपाईंका लागि राखिएको पावर बैंक अब खुला भयो",
            "तपाईं समयमै {station} मा नपुग्नुभएकाले पावर बैंक अरूका लागि खुला भयो। राखिदिएको {amount:money} लाग्यो।",
        ),
        NoticeType.RESERVATION_SHORTENED: (
            "तपाईंकै पावर बैंक अन्तिम हो",
            "{station} का अरू सबै पावर बैंक गइसके। तपाईंको {kept_until:time} सम्म राखिन्छ।",
        ),
        NoticeType.RESERVATION_LOST: (
            "तपाईंको पावर बैंक राख्न सकिएन",
            "{station} ले अहिले तपाईंको पावर बैंक दिन सक्दैन। तपाईंले केही तिर्नु पर्दैन। अर्को स्टेसन छान्नुहोस्।",
        ),
        NoticeType.CASE_UPHELD: (
            "तपाईंको गुनासो स्वीकार भयो",
            "भाडा {rental_code} बारे तपाईंको गुनासो हामीले जाँच्यौं र सही पायौं।",
        ),
        NoticeType.CASE_DISMISSED: (
            "तपाईंको गुनासो अस्वीकार भयो",
            "भाडा {rental_code} बारे तपाईंको गुनासो जाँच्दा पुष्टि हुन सकेन। कारण: {reason}।",
        ),
        NoticeType.DUE_CREATED: (
            "तपाईंले तिर्न बाँकी रकम छ",
            "तपाईंको भाडाको {amount:money} तिर्न बाँकी छ। तिरेपछि फेरि भाडामा लिन सक्नुहुन्छ।",
        ),
        NoticeType.DUE_CHARGED_BACK: (
            "टप-अप फिर्ता लगियो, तपाईंले तिर्न बाँकी रकम छ",
            "खर्च भइसकेको टप-अप तपाईंको बैंक वा भुक्तानी सेवाले फिर्ता लग्यो। {amount:money} तिर्न बाँकी छ।"
            " तिरेपछि फेरि भाडामा लिन सक्नुहुन्छ।",
        ),
        NoticeType.DUE_REMINDER: (
            "कृपया बाँकी रकम तिर्नुहोस्",
            "तपाईंको Powerbank खातामा {amount:money} तिर्न बाँकी छ। कृपया एपबाट तिर्नुहोस्।",
        ),
        NoticeType.DUE_LATE: (
            "तिर्न बाँकी रकम अब वालेटबाट काटिन्छ",
            "{amount:money} धेरै दिनदेखि तिर्न बाँकी छ। अबदेखि वालेटमा आउने रकमबाट यो काटिन्छ।"
            " एपबाट तिर्नुभयो भने तुरुन्तै फेरि भाडामा लिन सक्नुहुन्छ।",
        ),
        NoticeType.DUE_WAIVED: ("यो रकम तिर्नु पर्दैन", "तपाईंको खातामा बाँकी रकममध्ये {amount:money} हामीले मिनाहा गरेका छौं।"),
        NoticeType.DUE_PAID: ("भुक्तानी भयो, धन्यवाद", "तपाईंको खातामा बाँकी रकममध्ये {amount:money} भुक्तानी भयो।"),
        NoticeType.REFUND_REQUESTED: (
            "रकम फिर्ताको अनुरोध प्राप्त भयो",
            "हामी तपाईंको {amount:money} फिर्ताको अनुरोध हेर्दैछौं।",
        ),
        NoticeType.REFUND_APPROVED: (
            "रकम फिर्ता स्वीकृत भयो",
            "{amount:money} तपाईंलाई पठाउने प्रक्रियामा छ।",
        ),
        NoticeType.REFUND_REJECTED: (
            "रकम फिर्ता अस्वीकृत भयो",
            "{amount:money} फिर्ता गर्न सकिएन। कारण: {reason}।",
        ),
        NoticeType.REFUND_COMPLETED: ("रकम फिर्ता भयो", "तपाईंलाई {amount:money} फिर्ता गरियो।"),
        NoticeType.BALANCE_ADDED: (
            "तपाईंको वालेटमा रकम थपियो",
            "हामीले तपाईंको वालेटमा {amount:money} थपेका छौं। कारण: {reason}।",
        ),
        NoticeType.BALANCE_TAKEN: (
            "तपाईंको वालेटबाट रकम घटाइयो",
            "हामीले तपाईंको वालेटबाट {amount:money} घटाएका छौं। कारण: {reason}।",
        ),
        NoticeType.POINTS_ADDED: (
            "तपाईंको खातामा अंक थपियो",
            "हामीले तपाईंको खातामा {points:number} अंक थपेका छौं। कारण: {reason}।",
        ),
        NoticeType.POINTS_TAKEN: (
            "तपाईंको खाताबाट अंक घटाइयो",
            "हामीले तपाईंको खाताबाट {points:number} अंक घटाएका छौं। कारण: {reason}।",
        ),
        NoticeType.POINTS_EARNED: ("तपाईंले अंक पाउनुभयो", "तपाईंको खातामा {points:number} अंक थपियो।"),
        NoticeType.POINTS_REVERSED: (
            "अंक फिर्ता लिइयो",
            "जसका लागि तपाईंले {points:number} अंक पाउनुभएको थियो, त्यो फिर्ता भयो; त्यसैले अंक पनि फिर्ता लिइयो।",
        ),
        NoticeType.POINTS_EXPIRING: (
            "तपाईंका अंकको म्याद सकिन लाग्यो",
            "{points:number} अंकको म्याद {expires_at:date} मा सकिन्छ। अर्को भाडामा प्रयोग गर्नुहोस्।",
        ),
        NoticeType.REFERRAL_SUCCESS: (
            "तपाईंको साथी जोडिनुभयो",
            "तपाईंको कोड एक साथीले प्रयोग गर्नुभयो। तपाईंले {points:number} अंक पाउनुभयो।",
        ),
        NoticeType.ACHIEVEMENT_UNLOCKED: (
            "नयाँ उपलब्धि",
            "{achievement}: बधाई छ! तपाईंले {points:number} अंक पाउनुभयो।",
        ),
        NoticeType.LOW_CREDIT: (
            "तपाईंको मौज्दात कम छ",
            "तपाईंको वालेटमा {balance:money} छ। अर्को भाडाका लागि टप-अप गर्नुहोस्।",
        ),
        NoticeType.CRITICAL_CREDIT: (
            "तपाईंको मौज्दात सकिन लाग्यो",
            "तपाईंको Powerbank वालेटमा {balance:money} मात्र बाँकी छ। कृपया टप-अप गर्नुहोस्।",
        ),
        NoticeType.HIGH_USAGE: (
            "तपाईंको खर्च सधैंभन्दा बढी भयो",
            "हिजो तपाईंले {spend:money} खर्च गर्नुभयो; सामान्यतया दिनको {average:money} हुन्छ।",
        ),
        NoticeType.STATION_ISSUE_RECEIVED: (
            "जानकारी दिनुभएकोमा धन्यवाद",
            "{station} बारे तपाईंले दिनुभएको जानकारी हामी हेर्दैछौं।",
        ),
        NoticeType.STATION_ISSUE_RESOLVED: (
            "तपाईंले बताउनुभएको समस्या समाधान भयो",
            "{station} फेरि ठीक भएको छ। जानकारी दिनुभएकोमा धन्यवाद।",
        ),
        NoticeType.SUPPORT_ANSWERED: (
            "सहायता टोलीले जवाफ दिएको छ",
            "जवाफ पढ्न एपमा कुराकानी खोल्नुहोस्।",
        ),
        NoticeType.SUPPORT_ANSWER_WAITS: (
            "सहायता टोलीको जवाफ पढ्न बाँकी छ",
            "सहायता टोलीले तपाईंलाई जवाफ दिएको छ, तर तपाईंले अझै पढ्नुभएको छैन। एपको सहायता खण्डमा हेर्नुहोस्।",
        ),
        NoticeType.SUPPORT_ANSWERED_BLOCKED: (
            "सहायता टोलीले जवाफ दिएको छ",
            "तपाईंको रकमबारे Powerbank ले जवाफ दिएको छ। पढ्न एपको सहायता खण्ड खोलेर कोड टाइप गर्नुहोस्।",
        ),
        NoticeType.CREW_TASK_ASSIGNED: (
            "तपाईंका लागि एउटा काम",
            "{station} मा एउटा काम छ। यो {claimed_until:time} सम्म तपाईंको जिम्मामा छ।",
        ),
        NoticeType.CREW_WORK_REJECTED: (
            "तपाईंको काम स्वीकृत भएन",
            "स्टेसन {station_sn} को काम अस्वीकृत भयो: {reason}। त्यसबाट भएको आम्दानी फिर्ता लिइयो।",
        ),
        NoticeType.CREW_SHIFT_ENDED: (
            "तपाईंको पाली सकियो",
            "तपाईंको पाली {hours:number} घण्टापछि आफैं अन्त्य भयो। तपाईंसँग अझै भएका पावर बैंक: {banks:number}।",
        ),
        NoticeType.PAYOUT_SENT: ("भुक्तानी पठाइयो", "{amount:money} तपाईंको खातामा पठाइएको छ।"),
        NoticeType.PAYOUT_FAILED: (
            "भुक्तानी पठाउन सकिएन",
            "{amount:money} पठाउन सकिएन। कृपया आफ्नो खाताको विवरण जाँच गर्नुहोस्।",
        ),
        NoticeType.PAYOUT_ACCOUNT_CHANGED: (
            "तपाईंको भुक्तानी खाता बदलिँदैछ",
            "तपाईंको भुक्तानी अर्को खातामा गर्न माग गरिएको वा पुष्टि भएको छ। यो तपाईंले गर्नुभएको होइन भने तुरुन्त हामीलाई भन्नुहोस्।",
        ),
        NoticeType.PROFILE_REMINDER: (
            "एउटा चरण बाँकी छ",
            "एपमा प्रोफाइल पूरा गरी परिचय प्रमाणित गर्नुहोस्, त्यसपछि पहिलो पावर बैंक लिनुहोस्।",
        ),
        NoticeType.KYC_REMINDER: (
            "परिचय प्रमाणित गर्नुहोस्",
            "तपाईंको प्रोफाइल पूरा छ। भाडा सुरु गर्न एपमा नागरिकताको तस्बिर पठाउनुहोस्।",
        ),
        NoticeType.DIGEST: ("{about}", "यस्तै अरू {count:number} वटा छन्। एपमा पढ्नुहोस्।"),
        NoticeType.BROADCAST: ("{title}", "{message}"),
    }
)
