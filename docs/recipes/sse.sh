#!/bin/sh
# Messages of tickets with curl and a POSIX shell:
#
#   POLLCAST_TOKEN_FILE=token POLLCAST_POSITION_FILE=position sh sse.sh https://pollcast.example CASE-1 CASE-2
#
# It prints each event as its name and its JSON. It goes on where it was after any end of the stream, and when it is started anew.
set -eu
url=$1
shift
query=$(printf '&case_ids=%s' "$@")
touch "$POLLCAST_POSITION_FILE"

handle() { # NAME JSON
  case $1 in
    gap) printf '%s\n' "Messages are missing: load these tickets from elsewhere." >&2 ;;
    revoked) printf '%s\n' "The token does not cover these tickets any more." >&2 ;;
  esac
  printf '%s %s\n' "$1" "$2"
}

keep() { # POSITION: it is replaced as a whole, whenever this program is killed
  printf '%s' "$1" >"$POLLCAST_POSITION_FILE.new"
  mv "$POLLCAST_POSITION_FILE.new" "$POLLCAST_POSITION_FILE"
}

while :; do
  # Both files are read for each connection, so a renewed token counts at once. A stream that is silent for three heartbeats is lost.
  curl --silent --no-buffer --fail-with-body --speed-limit 1 --speed-time 45 \
    --header 'Accept: text/event-stream' \
    --header "Authorization: Bearer $(cat "$POLLCAST_TOKEN_FILE")" \
    --header "Last-Event-ID: $(cat "$POLLCAST_POSITION_FILE")" \
    "$url/v1/events?${query#&}" | {
    retry_ms=2000 name='' id='' data=''
    while IFS= read -r line; do
      case $line in
        'retry: '*) retry_ms=${line#retry: } ;;
        'id: '*) id=${line#id: } ;;
        'event: '*) name=${line#event: } ;;
        'data: '*) data=${line#data: } ;;
        '{'*) printf '%s\n' "$line" >&2 ;; # a refusal (PROTOCOL.md, section 5)
        '')
          if [ -n "$data" ]; then
            handle "$name" "$data"
            # The position moves when the event was handled.
            [ -z "$id" ] || keep "$id"
          fi
          name='' id='' data=''
          ;;
      esac
    done
    sleep "$(((retry_ms + 999) / 1000))"
  }
done
