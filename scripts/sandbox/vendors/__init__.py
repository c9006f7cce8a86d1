"""The vendors that are played. Adding one: write its module, name it here."""

from scripts.sandbox.vendors import nrb, osrm, smtp, sparrow, webpush
from scripts.sandbox.vendors.cloudinary import api as cloudinary
from scripts.sandbox.vendors.esewa import api as esewa
from scripts.sandbox.vendors.fcm import api as fcm
from scripts.sandbox.vendors.khalti import api as khalti
from scripts.sandbox.vendors.khalti_service import api as khalti_service
from scripts.sandbox.vendors.npi import api as npi
from scripts.sandbox.vendors.stripe import api as stripe

VENDORS = (
    sparrow.VENDOR,
    smtp.VENDOR,
    fcm.VENDOR,
    webpush.VENDOR,
    cloudinary.VENDOR,
    khalti.VENDOR,
    esewa.VENDOR,
    stripe.VENDOR,
    nrb.VENDOR,
    osrm.VENDOR,
    npi.VENDOR,
    khalti_service.VENDOR,
)
