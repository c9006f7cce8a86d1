"""The vendors that are played. Adding one: write its module, name it here."""

from scripts.sandbox.vendors import cloudinary, fcm, smtp, sparrow

VENDORS = (sparrow.VENDOR, smtp.VENDOR, fcm.VENDOR, cloudinary.VENDOR)
