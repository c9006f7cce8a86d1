"""The built-in texts in English: a title, which is the subject of an e-mail, and a body, which is all that an SMS says.

`{name}` is a value of the message's context, `{name:money}` one as `powerbank.notifications.texts.built_in` writes it.
"""

from types import MappingProxyType

from powerbank.notifications.people.notice_types import NoticeType

ENGLISH = MappingProxyType(
    {
        NoticeType.OTP: (
            "Your Powerbank code",
            "{code} is your Powerbank code. It is valid for 5 minutes. Never tell it to anybody.",
        ),
        NoticeType.WELCOME: (
            "Welcome to Powerbank",
            "Complete your profile and verify your identity, then take a power bank at any station.",
        ),
        NoticeType.ACCOUNT_SECURITY: (
            "Your sign-in details have changed",
            "{masked} is now used to sign in to your Powerbank account. If this was not you, contact us at once.",
        ),
        NoticeType.ACCOUNT_STATUS: (
            "The status of your account has changed",
            "Your Powerbank account is now {status:status}. {reason}",
        ),
        NoticeType.KYC_SUBMITTED: (
            "We have your documents",
            "We are checking your identity documents and will tell you as soon as we are done.",
        ),
        NoticeType.KYC_APPROVED: ("Your identity is verified", "You can now take a power bank at any station."),
        NoticeType.KYC_REJECTED: (
            "We could not verify your identity",
            "Reason: {reason}. Please send your documents again.",
        ),
        NoticeType.PAYMENT_READY: (
            "Your payment page is ready",
            "Open it in the app to pay {amount:money} into your wallet.",
        ),
        NoticeType.TOPUP_SUCCESS: (
            "Top-up received",
            "{amount:money} was added to your wallet. Your balance is {balance:money}.",
        ),
        NoticeType.TOPUP_FAILED: (
            "Top-up failed",
            "Your top-up of {amount:money} did not go through. You can try again in the app.",
        ),
        NoticeType.TOPUP_CHARGED_BACK: (
            "A top-up was taken back",
            "Your bank or payment service took back {amount:money} of a top-up. It was taken out of your wallet.",
        ),
        NoticeType.TOPUP_GIVEN_BACK: (
            "A top-up is yours again",
            "{amount:money} of a top-up that was taken back came back. What you owed for it is paid first.",
        ),
        NoticeType.PURCHASE_SUCCESS: ("Payment made", "You paid {amount:money} for {package}."),
        NoticeType.RENTAL_STARTED: (
            "Your power bank is ready",
            "Take it from slot {slot_number:number} of {station}. Bring it back to any station by {due_at:time}.",
        ),
        NoticeType.RENTAL_FAILED: (
            "No power bank came out",
            "Your rental at {station} did not start. You pay nothing.",
        ),
        NoticeType.RENTAL_ENDING_SOON: (
            "Your rental ends soon",
            "Bring the power bank back by {due_at:time}, or extend your rental in the app.",
        ),
        NoticeType.RENTAL_OVERDUE: (
            "Your rental is overdue",
            "Your rental ended at {due_at:time}. Each hour begun costs {rate:money} until you bring it back.",
        ),
        NoticeType.RENTAL_COMPLETED: (
            "Thank you for bringing it back",
            "Your rental of {minutes:number} minutes is complete. It cost {amount:money}.",
        ),
        NoticeType.RENTAL_EXTENDED: ("Rental extended", "You can keep the power bank until {due_at:time}."),
        NoticeType.RENTAL_CANCELLED: (
            "Rental cancelled",
            "Your rental is cancelled, and {amount:money} is yours again.",
        ),
        NoticeType.RENTAL_LOST: (
            "Your power bank counts as lost",
            "{amount:money} is charged for it. Bring it back within 30 days and we refund what is above the fees.",
        ),
        NoticeType.RETURN_PAUSED: (
            "The time of your rental stands still",
            "Slot {slot_number:number} at {go_to} is kept for you until {paused_until:time}. "
            "Bring the power bank back there by then, and the time from now on costs nothing.",
        ),
        NoticeType.RETURN_PAUSED_ANYWHERE: (
            "The time of your rental stands still",
            "Bring the power bank back to another station by {paused_until:time}: the time until then costs nothing.",
        ),
        NoticeType.RETURN_SLOT_MOVED: (
            "Another slot is kept for you",
            "Please go to {go_to}: slot {slot_number:number} is kept for you there until {paused_until:time}.",
        ),
        NoticeType.RETURN_SLOT_GONE: (
            "Your slot was taken",
            "No other slot can be kept for you. Any station will do until {paused_until:time}.",
        ),
        NoticeType.RETURN_PAUSE_OVER: (
            "The time of your rental goes on",
            "The power bank did not come back in time, so the rental is counted as if it had not stood still.",
        ),
        NoticeType.RESERVATION_EXPIRED: (
            "Your power bank is no longer kept",
            "You did not come to {station} in time, so others may have the power bank. You pay nothing.",
        ),
        NoticeType.RESERVATION_CHARGED: (
            "Your power bank is no longer kept",
            "You did not come to {station} in time, so others may have the power bank. Keeping it cost {amount:money}.",
        ),
        NoticeType.RESERVATION_SHORTENED: (
            "Yours is the last power bank",
            "All others at {station} are gone. Yours is kept until {kept_until:time}.",
        ),
        NoticeType.RESERVATION_LOST: (
            "Your power bank cannot be kept",
            "{station} cannot hand out your power bank now. You pay nothing. Please choose another station.",
        ),
        NoticeType.CASE_UPHELD: (
            "Your report is accepted",
            "We have checked what you reported about rental {rental_code}, and you were right.",
        ),
        NoticeType.CASE_DISMISSED: (
            "Your report was declined",
            "We have checked what you reported about rental {rental_code} and could not confirm it. Reason: {reason}.",
        ),
        NoticeType.DUE_CREATED: (
            "You have an amount to pay",
            "{amount:money} of your rental is not paid yet. You can rent again once it is.",
        ),
        NoticeType.DUE_CHARGED_BACK: (
            "A top-up was taken back, and you have an amount to pay",
            "Your bank or payment service took back a top-up that is spent already. {amount:money} is to be paid;"
            " you can rent again once it is.",
        ),
        NoticeType.DUE_REMINDER: (
            "Please pay what is open",
            "{amount:money} is still open on your Powerbank account. Please pay it in the app.",
        ),
        NoticeType.DUE_LATE: (
            "What you owe is now taken from your wallet",
            "{amount:money} has been open for too long and is taken from whatever comes into your wallet."
            " Pay it in the app, and you can rent again at once.",
        ),
        NoticeType.DUE_WAIVED: (
            "You need not pay this",
            "We have cancelled {amount:money} of what was open on your account.",
        ),
        # Of what is owed it may be a part: whether they can rent again is not said.
        NoticeType.DUE_PAID: ("Paid, thank you", "{amount:money} of what was open on your account is paid."),
        NoticeType.REFUND_REQUESTED: (
            "We have your refund request",
            "We are looking at your request for {amount:money}.",
        ),
        NoticeType.REFUND_APPROVED: ("Your refund is approved", "{amount:money} is on its way to you."),
        NoticeType.REFUND_REJECTED: (
            "Your refund was declined",
            "We could not refund {amount:money}. Reason: {reason}.",
        ),
        NoticeType.REFUND_COMPLETED: ("Refund paid", "{amount:money} was refunded to you."),
        NoticeType.BALANCE_ADDED: (
            "Money was added to your wallet",
            "We added {amount:money} to your wallet. Reason: {reason}.",
        ),
        NoticeType.BALANCE_TAKEN: (
            "Money was taken out of your wallet",
            "We took {amount:money} out of your wallet. Reason: {reason}.",
        ),
        NoticeType.POINTS_ADDED: (
            "Points were added to your account",
            "We added {points:number} points to your account. Reason: {reason}.",
        ),
        NoticeType.POINTS_TAKEN: (
            "Points were taken from your account",
            "We took {points:number} points from your account. Reason: {reason}.",
        ),
        NoticeType.POINTS_EARNED: ("You earned points", "{points:number} points were added to your account."),
        NoticeType.POINTS_REVERSED: (
            "Points were taken again",
            "What you had earned {points:number} points for was given back, and so were the points.",
        ),
        NoticeType.POINTS_EXPIRING: (
            "Your points expire soon",
            "{points:number} points expire on {expires_at:date}. Use them for your next rental.",
        ),
        NoticeType.REFERRAL_SUCCESS: (
            "Your friend has joined",
            "A friend used your code. You earned {points:number} points.",
        ),
        NoticeType.ACHIEVEMENT_UNLOCKED: (
            "Achievement unlocked",
            "{achievement}: well done! You earned {points:number} points.",
        ),
        NoticeType.LOW_CREDIT: (
            "Your balance is low",
            "Your wallet holds {balance:money}. Top up to be ready for your next rental.",
        ),
        NoticeType.CRITICAL_CREDIT: (
            "Your balance is nearly used up",
            "Your Powerbank wallet holds only {balance:money}. Please top up.",
        ),
        NoticeType.HIGH_USAGE: (
            "You spent more than usual",
            "Yesterday you spent {spend:money}; your usual day is {average:money}.",
        ),
        NoticeType.STATION_ISSUE_RECEIVED: (
            "Thank you for your report",
            "We are looking into what you reported about {station}.",
        ),
        NoticeType.STATION_ISSUE_RESOLVED: (
            "What you reported is mended",
            "{station} is in order again. Thank you for telling us.",
        ),
        NoticeType.SUPPORT_ANSWERED: (
            "Support has answered you",
            "Open the conversation in the app to read the answer.",
        ),
        NoticeType.SUPPORT_ANSWER_WAITS: (
            "An answer of support waits for you",
            "Support has answered you, and you have not read it yet. You find it in the app under Support.",
        ),
        NoticeType.SUPPORT_ANSWERED_BLOCKED: (
            "Support has answered you",
            "Powerbank has answered you about your money. To read it, open Support in the app and type your code.",
        ),
        NoticeType.CREW_TASK_ASSIGNED: (
            "A task for you",
            "There is something to do at {station}. It is yours until {claimed_until:time}.",
        ),
        NoticeType.CREW_WORK_REJECTED: (
            "Your work was not accepted",
            "The task at station {station_sn} was rejected: {reason}. What it earned was taken back.",
        ),
        NoticeType.CREW_SHIFT_ENDED: (
            "Your shift has ended",
            "Your shift ended by itself after {hours:number} hours. Power banks that you still have: {banks:number}.",
        ),
        NoticeType.PAYOUT_SENT: ("Payout sent", "{amount:money} is on its way to your account."),
        NoticeType.PAYOUT_FAILED: (
            "Payout failed",
            "We could not pay out {amount:money}. Please check your account details.",
        ),
        NoticeType.PAYOUT_ACCOUNT_CHANGED: (
            "Your payout account changes",
            "Somebody asked to pay you out to another account, or confirmed it. If it was not you, tell us at once.",
        ),
        NoticeType.PROFILE_REMINDER: (
            "One step left",
            "Complete your profile in the app, then verify your identity, and take your first power bank.",
        ),
        NoticeType.KYC_REMINDER: (
            "Verify your identity",
            "Your profile is complete. Send a picture of your citizenship certificate in the app to start renting.",
        ),
        NoticeType.DIGEST: ("{about}", "And {count:number} more like this. Read them in the app."),
        NoticeType.BROADCAST: ("{title}", "{message}"),
    }
)
