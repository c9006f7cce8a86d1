"""What stands where people sign in with a code, in Nepali."""

SIGN_IN = {
    "Field crew": "फिल्ड टोली",
    "Partners": "साझेदार",
    "Phone number or e-mail address": "फोन नम्बर वा इमेल ठेगाना",
    "Send me a code": "मलाई कोड पठाउनुहोस्",
    "We have sent a code to {address}. It is good for {count} minutes.": (
        "हामीले {address} मा कोड पठाएका छौँ। यो {count} मिनेटसम्म चल्छ।"
    ),
    "Code of six digits": "छ अङ्कको कोड",
    "Send another code": "अर्को कोड पठाउनुहोस्",
    "Another number or address": "अर्कै नम्बर वा ठेगाना",
}
