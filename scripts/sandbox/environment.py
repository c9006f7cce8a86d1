"""What Powerbank's settings are when the sandbox plays its vendors."""

from scripts.sandbox.accounts import Accounts


def settings(url: str, smtp_port: int, accounts: Accounts | None = None) -> dict[str, str]:
    known = accounts or Accounts()
    return {
        "SMS_URL": f"{url}/sparrow/v2",
        "SMS_TOKEN": known.sparrow_token,
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "KHALTI_URL": f"{url}/khalti/api/v2",
        "KHALTI_SECRET": known.khalti_secret,
        "ESEWA_FORM_URL": f"{url}/esewa/api/epay/main/v2/form",
        "ESEWA_STATUS_URL": f"{url}/esewa/api/epay/transaction/status/",
        "ESEWA_PRODUCT_CODE": known.esewa_product,
        "ESEWA_SECRET": known.esewa_secret,
        "STRIPE_URL": f"{url}/stripe",
        "STRIPE_SECRET": known.stripe_secret,
        "STRIPE_WEBHOOK_SECRET": known.stripe_webhook_secret,
        "FCM_URL": f"{url}/fcm/v1/projects",
        "WEB_PUSH_SANDBOX": f"{url}/webpush",
        # Not used until DOCUMENT_STORE=cloudinary says so.
        "CLOUDINARY_CLOUD_NAME": known.cloudinary_cloud,
        "CLOUDINARY_API_KEY": known.cloudinary_key,
        "CLOUDINARY_API_SECRET": known.cloudinary_secret,
        "CLOUDINARY_API_URL": f"{url}/cloudinary",
        "NPI_URL": f"{url}/npi",
        "NPI_USER": known.npi_user,
        "NPI_PASSWORD": known.npi_password,
        "NPI_CLIENT": known.npi_client,
        "NPI_CLIENT_SECRET": known.npi_client_secret,
        "NPI_PRIVATE_KEY": known.npi_private_key,
        "NPI_DEBTOR_AGENT": "9999",
        "NPI_DEBTOR_BRANCH": "1",
        "NPI_DEBTOR_ACCOUNT": "0000000000001",
        "NPI_DEBTOR_NAME": "Powerbank",
        "KHALTI_SERVICE_URL": f"{url}/khalti-service",
        "KHALTI_SERVICE_TOKEN": known.khalti_service_token,
        "NRB_URL": f"{url}/nrb/api/forex/v1",
    }
