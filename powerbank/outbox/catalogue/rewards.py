"""The part of the catalogue that rewards people: points, referrals, coupons, achievements, the leaderboard."""

from powerbank.outbox.policy import JobSpec, Queue, Retries, Schedule

AWARD_POINTS = JobSpec(
    "award_points", "jobs.points.award_points", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
REWARD_TOPUP = JobSpec(
    "reward_topup", "jobs.points.reward_topup", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
REWARD_KYC = JobSpec("reward_kyc", "jobs.points.reward_kyc", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600)
REWARD_RENTAL = JobSpec(
    "reward_rental", "jobs.points.reward_rental", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
REWARD_REFERRAL = JobSpec(
    "reward_referral", "jobs.points.reward_referral", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
REVERSE_POINTS = JobSpec(
    "reverse_points", "jobs.points.reverse_points", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
REVERSE_RENTAL = JobSpec(
    "reverse_rental", "jobs.points.reverse_rental", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
EXPIRE_POINTS = JobSpec(
    "expire_points", "jobs.points.expire_points", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
WARN_OF_EXPIRING_POINTS = JobSpec(
    "warn_of_expiring_points",
    "jobs.points.warn_of_expiring_points",
    Queue.DEFAULT,
    Retries((300, 1800)),
    stepwise=True,
)
BULK_AWARD_POINTS = JobSpec(
    "bulk_award_points", "jobs.points.bulk_award_points", Queue.DEFAULT, Retries((60, 60)), stepwise=True
)

COUNT_RENTAL = JobSpec(
    "count_rental", "jobs.social.count_rental", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
UNCOUNT_RENTAL = JobSpec(
    "uncount_rental", "jobs.social.uncount_rental", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
COUNT_POINTS = JobSpec(
    "count_points", "jobs.social.count_points", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
COUNT_REVERSAL = JobSpec(
    "count_reversal", "jobs.social.count_reversal", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
COUNT_REFERRAL = JobSpec(
    "count_referral", "jobs.social.count_referral", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
CHECK_ACHIEVEMENTS = JobSpec(
    "check_achievements", "jobs.social.check_achievements", Queue.DEFAULT, Retries((30,), until_done=True), alarm=3600
)
FIND_ACHIEVERS = JobSpec(
    "find_achievers", "jobs.social.find_achievers", Queue.DEFAULT, Retries((60, 300)), stepwise=True
)
# One that expires is made good by the week's recomputation: the tallies say what is not shown yet.
UPDATE_LEADERBOARD = JobSpec(
    "update_leaderboard", "jobs.social.update_leaderboard", Queue.ANALYTICS, Retries((120,)), expires=7200
)
RECOMPUTE_LEADERBOARD = JobSpec(
    "recompute_leaderboard",
    "jobs.social.recompute_leaderboard",
    Queue.ANALYTICS,
    Retries((300, 1800)),
    stepwise=True,
)

REWARD_SCHEDULES: tuple[Schedule, ...] = (
    Schedule("points-expiry", EXPIRE_POINTS, "30 0 * * *"),
    Schedule("points-expiry-warning", WARN_OF_EXPIRING_POINTS, "0 9 * * *"),
    Schedule("leaderboard-recomputation", RECOMPUTE_LEADERBOARD, "0 1 * * 1"),
)
