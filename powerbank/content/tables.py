"""The tables of what the app shows that have no rules of their own."""

from powerbank.api.plain import PlainTable
from powerbank.content.models import AppVersion, Banner, Country, FaqItem
from powerbank.content.schemas import AppVersionSchema, BannerSchema, CountrySchema, FaqItemSchema

FAQ = PlainTable("faq", FaqItem, FaqItemSchema, permission="content")
BANNERS = PlainTable("banners", Banner, BannerSchema, permission="content", together=("window",))
APP_VERSIONS = PlainTable("app-versions", AppVersion, AppVersionSchema, permission="content")
COUNTRIES = PlainTable("countries", Country, CountrySchema, permission="content")
