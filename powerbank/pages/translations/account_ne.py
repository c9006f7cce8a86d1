"""Signing in and one's own account, in Nepali."""

ACCOUNT = {
    "Sign in": "साइन इन",
    "Operators' console": "सञ्चालकको कन्सोल",
    "E-mail": "इमेल",
    "Password": "पासवर्ड",
    "Authenticator code, if you use one": "प्रमाणक एपको कोड, प्रयोग गर्नुहुन्छ भने",
    "The form was too old. Please try again.": "फारम धेरै पुरानो भयो। फेरि प्रयास गर्नुहोस्।",
    "My account": "मेरो खाता",
    "Your role:": "तपाईंको भूमिका:",
    "superadmin": "प्रमुख प्रशासक",
    "operations": "सञ्चालन",
    "support": "सहायता",
    "finance": "वित्त",
    "viewer": "दर्शक",
    "Current password": "अहिलेको पासवर्ड",
    "New password": "नयाँ पासवर्ड",
    "Change it": "बदल्नुहोस्",
    "At least 12 characters. Changing it signs you out everywhere else.": (
        "कम्तीमा १२ अक्षर। बदल्दा अरू सबै ठाउँबाट साइन आउट हुन्छ।"
    ),
    "The password is changed.": "पासवर्ड बदलियो।",
    "Authenticator app": "प्रमाणक एप",
    "In use. Each sign-in asks for a code.": "प्रयोगमा छ। हरेक साइन इनमा कोड सोधिन्छ।",
    "Code": "कोड",
    "Remove it": "हटाउनुहोस्",
    "The authenticator is removed.": "प्रमाणक एप हटाइयो।",
    "Scan this with your app, then enter the code that it shows.": (
        "यो आफ्नो एपले स्क्यान गर्नुहोस्, अनि त्यसले देखाएको कोड लेख्नुहोस्।"
    ),
    "Or type in:": "वा यो लेख्नुहोस्:",
    "Confirm": "पक्का गर्नुहोस्",
    "Not in use. With one, a stolen password alone opens nothing.": (
        "प्रयोगमा छैन। यो भए चोरिएको पासवर्डले मात्र केही खुल्दैन।"
    ),
    "Set one up": "सुरु गर्नुहोस्",
    "Mail and pages": "इमेल र पृष्ठहरू",
    "Language": "भाषा",
    "Save": "सुरक्षित गर्नुहोस्",
    "Where you are signed in": "तपाईं साइन इन भएका ठाउँहरू",
    "Device": "यन्त्र",
    "Address": "ठेगाना",
    "Since": "कहिलेदेखि",
    "Last used": "पछिल्लो प्रयोग",
    "unknown": "थाहा छैन",
    "console": "कन्सोल",
    "this one": "यही",
    "Signed out there.": "त्यहाँबाट साइन आउट भयो।",
    "Recovery codes": "पुनःप्राप्ति कोडहरू",
    "Your recovery codes": "तपाईंका पुनःप्राप्ति कोडहरू",
    (
        "The authenticator is in use. Each of these codes stands in for it once, should it be lost. "
        "Keep them where your password is not. They are shown only now."
    ): (
        "प्रमाणक एप अब प्रयोगमा छ। एप हराएमा यी हरेक कोडले एक-एक पटक त्यसको काम गर्छ। "
        "पासवर्ड नभएको ठाउँमा राख्नुहोस्। यी अहिले मात्र देखाइन्छन्।"
    ),
    "I have kept them": "मैले राखेँ",
}
