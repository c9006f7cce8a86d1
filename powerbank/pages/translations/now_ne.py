"""What happens now, in Nepali."""

NOW = {
    "Now": "अहिले",
    "Map of all stations": "सबै स्टेशनको नक्सा",
    "Stations": "स्टेशनहरू",
}
