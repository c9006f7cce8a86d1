curl -sS "$BASE/api/app/version?platform=$PLATFORM&version=$VERSION"
