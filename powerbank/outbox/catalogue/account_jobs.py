"""The jobs of accounts: signing in, joining, the identity check, and what staff do with an account."""

from powerbank.outbox.policy import DAY, HOUR, MINUTE, JobSpec, Queue, Schedule, Unique, retry_after, retry_until_done

SEND_OTP = JobSpec(
    "send_otp",
    body="jobs.accounts.send_otp",
    queue=Queue.CRITICAL,
    retries=retry_after(5, 30, MINUTE),
    expires=5 * MINUTE,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
# Other domains have their part in a new account too: see powerbank.users.joining.
POST_REGISTRATION = JobSpec(
    "post_registration",
    body="jobs.accounts.post_registration",
    queue=Queue.DEFAULT,
    retries=retry_until_done(MINUTE),
    alarm=HOUR,
)
PROCESS_REFERRAL = JobSpec(
    "process_referral",
    body="jobs.accounts.process_referral",
    queue=Queue.DEFAULT,
    retries=retry_until_done(MINUTE),
    alarm=HOUR,
)
PRUNE_SIGN_INS = JobSpec(
    "prune_sign_ins",
    body="jobs.accounts.prune_sign_ins",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
)
PROCESS_KYC_SUBMISSION = JobSpec(
    "process_kyc_submission",
    body="jobs.accounts.process_kyc_submission",
    queue=Queue.DEFAULT,
    retries=retry_after(2 * MINUTE, 2 * MINUTE),
    alarm=HOUR,
    stepwise=True,
    vendor=True,
)
DELETE_DOCUMENTS = JobSpec(
    "delete_documents",
    body="jobs.accounts.delete_documents",
    queue=Queue.CLEANUP,
    retries=retry_until_done(5 * MINUTE, 30 * MINUTE),
    alarm=DAY,
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
DELETE_OLD_DOCUMENTS = JobSpec(
    "delete_old_documents",
    body="jobs.accounts.delete_old_documents",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
)
ADMIN_USER_ACTION = JobSpec(
    "admin_user_action",
    body="jobs.accounts.admin_user_action",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, MINUTE),
)

JOBS = (
    SEND_OTP,
    POST_REGISTRATION,
    PROCESS_REFERRAL,
    PRUNE_SIGN_INS,
    PROCESS_KYC_SUBMISSION,
    DELETE_DOCUMENTS,
    DELETE_OLD_DOCUMENTS,
    ADMIN_USER_ACTION,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("prune-sign-ins", job=PRUNE_SIGN_INS, cron="5 3 * * *"),
    Schedule("delete-old-documents", job=DELETE_OLD_DOCUMENTS, cron="15 3 * * *"),
)
