"""The vendors that are played. Adding one: write its module, name it here."""

from scripts.sandbox.vendors import cloudinary, esewa, fcm, khalti, nrb, smtp, sparrow, stripe

VENDORS = (
    sparrow.VENDOR,
    smtp.VENDOR,
    fcm.VENDOR,
    cloudinary.VENDOR,
    khalti.VENDOR,
    esewa.VENDOR,
    stripe.VENDOR,
    nrb.VENDOR,
)
