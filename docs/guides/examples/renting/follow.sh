# It prints what comes until it is stopped.
curl -sSN "$URL"
