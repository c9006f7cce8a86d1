"""Operations on many things, in Nepali."""

OPERATIONS = {
    "Maintenance on": "मर्मतमा राख्ने",
    "Maintenance off": "मर्मतबाट हटाउने",
    "Ask for the slots": "स्लटको अवस्था सोध्ने",
    "Reboot": "पुनः सुरु गर्ने",
    "New firmware": "नयाँ फर्मवेयर",
    "Register power banks": "पावरबैंक दर्ता गर्ने",
    "passed over": "छोडियो",
    "answered": "जवाफ आयो",
    "not sent in time": "समयमा पठाइएन",
    "no answer": "जवाफ आएन",
    "New": "नयाँ",
    "Known already": "पहिल्यै दर्ता भएका",
    "Command": "आदेश",
    "Pace": "गति",
    "{count} a minute": "प्रति मिनेट {count}",
    "until {count} commands have failed": "{count} आदेश असफल नभएसम्म",
    "One by one": "एक-एक गरी",
}
