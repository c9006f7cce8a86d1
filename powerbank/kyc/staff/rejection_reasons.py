"""The usual reasons for which documents are rejected, in the language of the person who reads them."""

from types import MappingProxyType

REASONS = MappingProxyType(
    {
        "The picture is blurred or too dark to read.": "फोटो धमिलो वा अँध्यारो भएकाले पढ्न सकिएन।",
        "A side is missing, or its edge is cut off.": "कागजातको एउटा पाटो छुटेको छ वा किनारा काटिएको छ।",
        "The number that you typed is not the one on the document.": ("तपाईंले लेख्नुभएको नम्बर कागजातको नम्बरसँग मिलेन।"),
        "The name or the birth date of your profile is not that of the document.": (
            "प्रोफाइलको नाम वा जन्म मिति कागजातसँग मिलेन।"
        ),
        "This is not a citizenship certificate.": "यो नागरिकताको प्रमाणपत्र होइन।",
        "The document seems to belong to somebody else.": "यो कागजात अरू कसैको जस्तो देखिन्छ।",
    }
)


def in_language(english: str, language: str) -> str:
    """Give a reason in a language."""
    return REASONS[english] if language == "ne" else english
