# Answers as soon as the rental is newer than SINCE, or after 25 seconds. Begin with SINCE=0; then it is the `version`
# of the last answer. Ask again while `status` is `pending` or `ejecting`.
curl -sS "$BASE/api/rentals/$RENTAL_ID?wait=25&since=$SINCE" \
  -H "Authorization: Bearer $TOKEN"
