"""The jobs that reward people: points, referrals, achievements and the leaderboard."""

from powerbank.outbox.policy import HOUR, MINUTE, JobSpec, Queue, Schedule, retry_after, retry_until_done

AWARD_POINTS = JobSpec(
    "award_points",
    body="jobs.rewards.award_points",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
REWARD_TOPUP = JobSpec(
    "reward_topup",
    body="jobs.rewards.reward_topup",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
REWARD_KYC = JobSpec(
    "reward_kyc",
    body="jobs.rewards.reward_kyc",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
REWARD_RENTAL = JobSpec(
    "reward_rental",
    body="jobs.rewards.reward_rental",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
REWARD_REFERRAL = JobSpec(
    "reward_referral",
    body="jobs.rewards.reward_referral",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
REVERSE_POINTS = JobSpec(
    "reverse_points",
    body="jobs.rewards.reverse_points",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
REVERSE_RENTAL = JobSpec(
    "reverse_rental",
    body="jobs.rewards.reverse_rental",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
EXPIRE_POINTS = JobSpec(
    "expire_points",
    body="jobs.rewards.expire_points",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
WARN_OF_EXPIRING_POINTS = JobSpec(
    "warn_of_expiring_points",
    body="jobs.rewards.warn_of_expiring_points",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
BULK_AWARD_POINTS = JobSpec(
    "bulk_award_points",
    body="jobs.rewards.bulk_award_points",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, MINUTE),
    stepwise=True,
)
COUNT_RENTAL = JobSpec(
    "count_rental",
    body="jobs.rewards.count_rental",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
UNCOUNT_RENTAL = JobSpec(
    "uncount_rental",
    body="jobs.rewards.uncount_rental",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
COUNT_POINTS = JobSpec(
    "count_points",
    body="jobs.rewards.count_points",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
COUNT_REVERSAL = JobSpec(
    "count_reversal",
    body="jobs.rewards.count_reversal",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
COUNT_REFERRAL = JobSpec(
    "count_referral",
    body="jobs.rewards.count_referral",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
CHECK_ACHIEVEMENTS = JobSpec(
    "check_achievements",
    body="jobs.rewards.check_achievements",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30),
    alarm=HOUR,
)
FIND_ACHIEVERS = JobSpec(
    "find_achievers",
    body="jobs.rewards.find_achievers",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
    stepwise=True,
)
# One that expires is made good by the week's recomputation: the tallies say what is not shown yet.
UPDATE_LEADERBOARD = JobSpec(
    "update_leaderboard",
    body="jobs.rewards.update_leaderboard",
    queue=Queue.ANALYTICS,
    retries=retry_after(2 * MINUTE),
    expires=2 * HOUR,
)
RECOMPUTE_LEADERBOARD = JobSpec(
    "recompute_leaderboard",
    body="jobs.rewards.recompute_leaderboard",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)

JOBS = (
    AWARD_POINTS,
    REWARD_TOPUP,
    REWARD_KYC,
    REWARD_RENTAL,
    REWARD_REFERRAL,
    REVERSE_POINTS,
    REVERSE_RENTAL,
    EXPIRE_POINTS,
    WARN_OF_EXPIRING_POINTS,
    BULK_AWARD_POINTS,
    COUNT_RENTAL,
    UNCOUNT_RENTAL,
    COUNT_POINTS,
    COUNT_REVERSAL,
    COUNT_REFERRAL,
    CHECK_ACHIEVEMENTS,
    FIND_ACHIEVERS,
    UPDATE_LEADERBOARD,
    RECOMPUTE_LEADERBOARD,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("points-expiry", job=EXPIRE_POINTS, cron="30 0 * * *"),
    Schedule("points-expiry-warning", job=WARN_OF_EXPIRING_POINTS, cron="0 9 * * *"),
    Schedule("leaderboard-recomputation", job=RECOMPUTE_LEADERBOARD, cron="0 1 * * 1"),
)
