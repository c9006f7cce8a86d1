"""The built-in texts for staff in both languages, in the same form as those for people."""

from types import MappingProxyType

from powerbank.notifications.staff.notice_types import StaffNoticeType

ENGLISH = MappingProxyType(
    {
        StaffNoticeType.KYC_TO_REVIEW: ("Documents to check", "Somebody has sent identity documents."),
        StaffNoticeType.STATION_OFFLINE: ("{station_sn} is offline", "Station {station_sn} does not answer any more."),
        StaffNoticeType.STATION_ONLINE: ("{station_sn} is back", "Station {station_sn} answers again."),
        StaffNoticeType.STATION_FAULT: ("{station_sn} reports a fault", "Station {station_sn} says: {detail}."),
        StaffNoticeType.LOW_BATTERY: (
            "Low charge in {station_sn}",
            "{count:number} power banks in {station_sn} are low; the lowest has {battery_level:number} % left.",
        ),
        StaffNoticeType.CRITICAL_ISSUE: (
            "{station_sn}: somebody reports a problem",
            "A person at {station_sn} reports: {issue_type}.",
        ),
        StaffNoticeType.STATION_ISSUE: (
            "{station_sn}: somebody reports a flaw",
            "A person at {station_sn} reports: {issue_type}. It can wait.",
        ),
        StaffNoticeType.UNMATCHED_RETURN: (
            "A return without a rental",
            "Power bank {powerbank_sn} came back at {station_sn}, and nobody had rented it.",
        ),
        StaffNoticeType.PAID_NOT_EJECTED: (
            "Paid, and no power bank came out",
            "Rental {rental_code} at {station_sn} needs a decision.",
        ),
        StaffNoticeType.RENTAL_DISPUTED: (
            "A rental is disputed",
            "The person of rental {rental_code} reports: {issue_type}. Nothing is collected until it is decided.",
        ),
        StaffNoticeType.RENTAL_CAME_LATE: (
            "A power bank came out late",
            "Rental {rental_code} at {station_sn} had ended. Nothing is charged until somebody decides.",
        ),
        StaffNoticeType.QUEUE_BACKLOG: ("Jobs pile up", "{detail}."),
        StaffNoticeType.NO_WORKERS: ("Nobody works", "{detail}."),
        StaffNoticeType.STARTS_REFUSED: ("People are refused at stations", "{detail}."),
        StaffNoticeType.JOB_OVERDUE: ("A job is late", "{detail}."),
        StaffNoticeType.CLOCK_WRONG: ("A clock is wrong", "{detail}."),
        StaffNoticeType.DEAD_LETTERS: ("A job has died", "{detail}."),
        StaffNoticeType.LEDGER_MISMATCH: (
            "The ledger does not add up",
            "The recount found a difference in {check} {subject}. Look at the reconciliation before anything else.",
        ),
        StaffNoticeType.PAYMENT_NEEDS_REVIEW: (
            "A payment needs a decision",
            "Payment {intent_id} is not as its gateway tells it, and nothing more happens by itself: {reason}.",
        ),
        StaffNoticeType.REFUND_STUCK: ("A refund is stuck", "A refund needs somebody to look at it: {reason}."),
        StaffNoticeType.SETTLEMENT_MISMATCH: (
            "Payments and their gateways differ",
            "{differences:number} differences were found, the first: {what}.",
        ),
        StaffNoticeType.REFUND_TO_APPROVE: ("A refund to approve", "{amount:money} are asked back: {reason}."),
        StaffNoticeType.ADJUSTMENT_TO_APPROVE: (
            "An adjustment to approve",
            "Somebody wants to change a wallet by {amount:money}: {reason}.",
        ),
        StaffNoticeType.POINTS_TO_APPROVE: (
            "An adjustment of points to approve",
            "Somebody wants to change an account by {points:number} points: {reason}.",
        ),
        StaffNoticeType.AWARD_TO_APPROVE: (
            "An award to approve",
            "Somebody wants to give {points:number} points to each of {count:number} people: {reason}.",
        ),
        StaffNoticeType.COUPON_TO_APPROVE: (
            "A coupon to approve",
            "Coupon {name} gives {points:number} points each, of which its maker alone may give only some.",
        ),
        StaffNoticeType.ACT_TO_APPROVE: (
            "A decision to approve",
            "Somebody wants to charge, refund or waive {amount:money}: {reason}.",
        ),
        StaffNoticeType.EXCHANGE_RATES_STALE: (
            "Exchange rates are old",
            "The central bank's feed has brought nothing for three days. Foreign top-ups use the last rates.",
        ),
        StaffNoticeType.AGREEMENT_ENDS: (
            "An agreement ends",
            "The agreement with {payee} ends on {expires_at:date}.",
        ),
        StaffNoticeType.PAYOUT_STUCK: (
            "A payout is stuck",
            "The payout of {amount:money} to {payee} has no outcome yet.",
        ),
        StaffNoticeType.PAYOUT_NOT_PAID: (
            "A payout failed",
            "The payout of {amount:money} to {payee} did not arrive: {reason}.",
        ),
        StaffNoticeType.CREW_SHIFT_FORGOTTEN: (
            "A shift was never ended",
            "The shift of {name} ended by itself after {hours:number} hours. Power banks still in hand: "
            "{banks:number}.",
        ),
        StaffNoticeType.PAYOUT_TO_APPROVE: ("A payout to approve", "{amount:money} wait to be paid to {payee}."),
        StaffNoticeType.PAYOUT_ACCOUNT_TO_CONFIRM: (
            "A payout account to confirm",
            "{payee} wants to be paid to another account.",
        ),
        StaffNoticeType.PAYOUT_RUN_FINISHED: (
            "A payout run has finished",
            "{count:number} payouts of {amount:money} in all were made, {skipped:number} payees were passed over.",
        ),
        StaffNoticeType.ANOMALY: ("Something unusual", "{detail}."),
        StaffNoticeType.SUPPORT_OVERDUE: (
            "A person waits for an answer",
            "Nobody has answered a conversation about: {subject}. It was due {minutes:number} minutes ago.",
        ),
        StaffNoticeType.TEMPLATE_BROKEN: (
            "A message template fails",
            "The template for {type}, {channel}, {language} fails: {problem}. People get the built-in text instead.",
        ),
    }
)

NEPALI = MappingProxyType(
    {
        StaffNoticeType.KYC_TO_REVIEW: ("जाँच्नुपर्ने कागजात", "कसैले परिचयका कागजात पठाउनुभएको छ।"),
        StaffNoticeType.STATION_OFFLINE: ("{station_sn} अफलाइन छ", "स्टेसन {station_sn} ले जवाफ दिइरहेको छैन।"),
        StaffNoticeType.STATION_ONLINE: ("{station_sn} फेरि अनलाइन छ", "स्टेसन {station_sn} ले फेरि जवाफ दिन थाल्यो।"),
        StaffNoticeType.STATION_FAULT: ("{station_sn} मा खराबी", "स्टेसन {station_sn} को सूचना: {detail}।"),
        StaffNoticeType.LOW_BATTERY: (
            "{station_sn} मा चार्ज कम",
            "{station_sn} का {count:number} पावर बैंकमा चार्ज कम छ; सबैभन्दा कम {battery_level:number} % छ।",
        ),
        StaffNoticeType.CRITICAL_ISSUE: (
            "{station_sn}: समस्याको जानकारी आयो",
            "{station_sn} बाट आएको जानकारी: {issue_type}।",
        ),
        StaffNoticeType.STATION_ISSUE: (
            "{station_sn}: सानो समस्याको जानकारी आयो",
            "{station_sn} बाट आएको जानकारी: {issue_type}। यो हतारको होइन।",
        ),
        StaffNoticeType.UNMATCHED_RETURN: (
            "भाडाबिनाको फिर्ता",
            "पावर बैंक {powerbank_sn} {station_sn} मा फिर्ता आयो, तर कसैले भाडामा लिएको थिएन।",
        ),
        StaffNoticeType.PAID_NOT_EJECTED: (
            "भुक्तानी भयो, पावर बैंक निस्किएन",
            "{station_sn} को भाडा {rental_code} मा निर्णय चाहिन्छ।",
        ),
        StaffNoticeType.RENTAL_DISPUTED: (
            "भाडामा विवाद",
            "भाडा {rental_code} को प्रयोगकर्ताको गुनासो: {issue_type}। निर्णय नभएसम्म रकम उठाइँदैन।",
        ),
        StaffNoticeType.RENTAL_CAME_LATE: (
            "पावर बैंक ढिलो निस्कियो",
            "{station_sn} को भाडा {rental_code} सकिइसकेको थियो। निर्णय नभएसम्म केही रकम लाग्दैन।",
        ),
        StaffNoticeType.QUEUE_BACKLOG: ("कामहरू थुप्रिँदैछन्", "{detail}।"),
        StaffNoticeType.NO_WORKERS: ("काम गर्ने कोही छैन", "{detail}।"),
        StaffNoticeType.STARTS_REFUSED: ("स्टेसनमा पावरबैंक दिन सकिएको छैन", "{detail}।"),
        StaffNoticeType.JOB_OVERDUE: ("एउटा काम ढिलो भयो", "{detail}।"),
        StaffNoticeType.CLOCK_WRONG: ("एउटा घडी मिलेको छैन", "{detail}।"),
        StaffNoticeType.DEAD_LETTERS: ("एउटा काम असफल भयो", "{detail}।"),
        StaffNoticeType.LEDGER_MISMATCH: (
            "खाताबही मिलेन",
            "पुनर्गणनामा {check} {subject} मा फरक भेटियो। सबैभन्दा पहिले हिसाब मिलान हेर्नुहोस्।",
        ),
        StaffNoticeType.PAYMENT_NEEDS_REVIEW: (
            "एउटा भुक्तानीमा निर्णय चाहिन्छ",
            "भुक्तानी {intent_id} यसको गेटवेले भनेजस्तो छैन, र यो आफैँ मिल्ने छैन: {reason}।",
        ),
        StaffNoticeType.REFUND_STUCK: ("फिर्ता रोकिएको छ", "एउटा फिर्ता हेर्नुपर्छ: {reason}।"),
        StaffNoticeType.SETTLEMENT_MISMATCH: (
            "भुक्तानी र गेटवेमा फरक",
            "{differences:number} फरक भेटियो, पहिलो: {what}।",
        ),
        StaffNoticeType.REFUND_TO_APPROVE: ("स्वीकृत गर्नुपर्ने फिर्ता", "{amount:money} फिर्ता मागिएको छ: {reason}।"),
        StaffNoticeType.ADJUSTMENT_TO_APPROVE: (
            "स्वीकृत गर्नुपर्ने समायोजन",
            "कसैले एउटा वालेटमा {amount:money} को फेरबदल गर्न चाहनुभएको छ: {reason}।",
        ),
        StaffNoticeType.POINTS_TO_APPROVE: (
            "स्वीकृत गर्नुपर्ने अंक समायोजन",
            "कसैले एउटा खातामा {points:number} अंकको फेरबदल गर्न चाहनुभएको छ: {reason}।",
        ),
        StaffNoticeType.AWARD_TO_APPROVE: (
            "स्वीकृत गर्नुपर्ने अंक वितरण",
            "कसैले {count:number} जनालाई {points:number} अंकका दरले दिन चाहनुभएको छ: {reason}।",
        ),
        StaffNoticeType.COUPON_TO_APPROVE: (
            "स्वीकृत गर्नुपर्ने कुपन",
            "कुपन {name} ले {points:number} अंकका दरले दिन्छ। बनाउने व्यक्ति एक्लैले केही मात्र दिन सक्नुहुन्छ।",
        ),
        StaffNoticeType.ACT_TO_APPROVE: (
            "स्वीकृत गर्नुपर्ने निर्णय",
            "कसैले {amount:money} लिन, फिर्ता गर्न वा मिनाहा गर्न चाहनुभएको छ: {reason}।",
        ),
        StaffNoticeType.EXCHANGE_RATES_STALE: (
            "विनिमय दर पुरानो भयो",
            "राष्ट्र बैंकबाट तीन दिनदेखि नयाँ दर आएको छैन। विदेशी टप-अपमा अन्तिम दर लागू हुन्छ।",
        ),
        StaffNoticeType.AGREEMENT_ENDS: (
            "सम्झौता सकिँदैछ",
            "{payee} सँगको सम्झौता {expires_at:date} मा सकिन्छ।",
        ),
        StaffNoticeType.PAYOUT_STUCK: (
            "भुक्तानी अड्किएको छ",
            "{payee} लाई गरिएको {amount:money} को भुक्तानीको नतिजा अझै आएको छैन।",
        ),
        StaffNoticeType.PAYOUT_NOT_PAID: (
            "भुक्तानी असफल भयो",
            "{payee} लाई पठाइएको {amount:money} पुगेन: {reason}।",
        ),
        StaffNoticeType.CREW_SHIFT_FORGOTTEN: (
            "पाली अन्त्य गरिएन",
            "{name} को पाली {hours:number} घण्टापछि आफैं अन्त्य भयो। हातमा बाँकी पावर बैंक: {banks:number}।",
        ),
        StaffNoticeType.PAYOUT_TO_APPROVE: (
            "स्वीकृत गर्नुपर्ने भुक्तानी",
            "{payee} लाई तिर्नुपर्ने {amount:money} स्वीकृतिको पर्खाइमा छ।",
        ),
        StaffNoticeType.PAYOUT_ACCOUNT_TO_CONFIRM: (
            "पुष्टि गर्नुपर्ने भुक्तानी खाता",
            "{payee} ले अर्को खातामा भुक्तानी चाहेको छ।",
        ),
        StaffNoticeType.PAYOUT_RUN_FINISHED: (
            "भुक्तानीको चक्र सकियो",
            "जम्मा {amount:money} का {count:number} भुक्तानी बने, {skipped:number} जनालाई छोडियो।",
        ),
        StaffNoticeType.ANOMALY: ("केही असामान्य देखियो", "{detail}।"),
        StaffNoticeType.SUPPORT_OVERDUE: (
            "एक जना जवाफको प्रतीक्षामा",
            "{subject} सम्बन्धी कुराकानीमा कसैले जवाफ दिएको छैन। {minutes:number} मिनेटअघि जवाफ दिने वाचा थियो।",
        ),
        StaffNoticeType.TEMPLATE_BROKEN: (
            "सन्देशको ढाँचा चलेन",
            "{type}, {channel}, {language} को ढाँचा चलेन: {problem}। अहिले पूर्वनिर्धारित सन्देश पठाइँदैछ।",
        ),
    }
)
