#!/usr/bin/env bash
# aiosmtpd: a mail server of the aio-libs people (https://pypi.org/project/aiosmtpd/), against the real program: STARTTLS and TLS,
# logins, certificates, refusals, and a server that is away for a while. Takes some three minutes: a second attempt comes after one.
# How to run it is in peer.sh.

peer=smtp
. "$(dirname "$0")/peer.sh"
mail=
daemon=
trap 'for pid in $mail $daemon $sandbox; do kill "$pid" 2>"$work/kill" || true; done; rm -rf "$work"' EXIT

command -v openssl >"$work/openssl" || unable "there is no openssl"
install
vendor=(lever --people 0 --rate 0)
start "$@"
program=("$@")
[ ${#program[@]} -gt 0 ] || program=(cargo run --quiet --manifest-path "$folder/../../Cargo.toml" --package hiresync --)

# A certificate of an authority that nobody else knows.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=a test" -keyout "$work/ca.key" -out "$work/ca.pem" 2>"$work/openssl" \
    -addext "basicConstraints=critical,CA:TRUE"
openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$work/key.pem" -out "$work/csr" 2>"$work/openssl"
printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' >"$work/ext"
openssl x509 -req -in "$work/csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 -extfile "$work/ext" \
    -out "$work/cert.pem" 2>"$work/openssl"

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$work/letters"
echo sandbox-key >"$work/lever-api-key"
echo "pass word" >"$work/right"
echo "another" >"$work/wrong"

mail_server() {
    "$python" "$folder/mail_server.py" "$port" "$1" "$work" >"$work/mail" 2>"$work/mail.err" &
    mail=$!
    until grep -q ready "$work/mail"; do
        kill -0 "$mail" 2>"$work/kill" || { cat "$work/mail.err" >&2; exit 1; }
        sleep 0.1
    done
}

mail_away() {
    kill "$mail" && wait "$mail" 2>"$work/kill" || true
    mail=
}

# configure TLS PASSWORD STATE
configure() {
    cat >"$work/hiresync.toml" <<TOML
[lever]
base_url = "$address/v1"
api_key = { file = "lever-api-key" }
hired_since = "2020-01-01"
poll = "* * * * * *"
[state]
dir = "$3"
[socket]
path = "socket-$3"
[targets.roster]
adapter = "file-export"
path = "roster-$3"
[targets.roster.person]
ref = "contact"
gender = { value = "answer('Gender')", placeholder = "U" }
[notices.mail]
server = "localhost"
port = $port
tls = "$1"
user = "robot"
password = { file = "$2" }
from = "hiresync@example.com"
hr = ["hr@example.com"]
TOML
}

# expect CODE WORDS: what `notify test` ends with and says, trusting the authority unless $trust is empty.
trust=$work/ca.pem
expect() {
    local code=0
    env ${trust:+SSL_CERT_FILE="$trust"} "${program[@]}" notify test --config "$work/hiresync.toml" >"$work/out" 2>&1 || code=$?
    if [ "$code" != "$1" ] || ! grep -q "$2" "$work/out"; then
        echo "$peer: expected $1 and '$2', got $code:" >&2
        cat "$work/out" >&2
        exit 1
    fi
    echo "ok: $2"
}

letters() { find "$work/letters" -type f | wc -l; }

for tls in starttls tls; do
    echo "tls = $tls"
    mail_server "$tls"
    configure "$tls" right none
    expect 0 "hr@example.com: taken"
    env SSL_CERT_FILE="$trust" "${program[@]}" check --config "$work/hiresync.toml" >"$work/out" 2>&1 || true
    grep -q "certificate this machine trusts; user and password are accepted" "$work/out" || { cat "$work/out" >&2; exit 1; }
    echo 550 5.1.1 >"$work/mode"
    expect 78 "the server refuses the letter (550)"
    echo 451 4.7.1 >"$work/mode"
    expect 69 "the server asks to come back later (451)"
    rm "$work/mode"
    configure "$tls" wrong none
    expect 78 "the server refuses user and password (535)"
    configure "$tls" right none
    trust=
    expect 78 "no trusted TLS connection can be made"
    trust=$work/ca.pem
    mail_away
    expect 69 "the server cannot be reached"
done
[ "$(letters)" = 2 ] || { echo "$peer: $(letters) letters instead of 2" >&2; exit 1; }

# A hire raises a task; its letter is not taken, then is, once.
hire() {
    "$python" - "$address" <<'PY'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/sandbox/hire", data=b'{"name": "Ada Example"}').read()
PY
}

run_daemon() {
    configure starttls right "$1"
    env SSL_CERT_FILE="$trust" "${program[@]}" run --config "$work/hiresync.toml" >"$work/daemon" 2>&1 &
    daemon=$!
}

until_log() {
    for _ in $(seq 1500); do
        grep -q "$1" "$work/daemon" && return
        sleep 0.1
    done
    echo "$peer: the log never said '$1'" >&2
    tail -n 30 "$work/daemon" >&2
    exit 1
}

once_taken() {
    until_log notice.sent
    sleep 12 # two more looks
    [ "$(letters)" = "$1" ] || { echo "$peer: $(letters) letters instead of $1" >&2; exit 1; }
    kill "$daemon" && wait "$daemon" 2>"$work/kill" || true
    daemon=
}

hire
echo "a server that is away for a while"
run_daemon away
until_log "the server cannot be reached"
mail_server starttls
once_taken 3
echo "a server that asks to come back later"
echo 451 4.7.1 >"$work/mode"
run_daemon later
until_log "the server asks to come back later"
rm "$work/mode"
once_taken 4
for words in "needs something from you" "X-To: hr@example.com"; do
    grep -q "$words" "$work"/letters/003 || { echo "$peer: no '$words'" >&2; cat "$work"/letters/003 >&2; exit 1; }
done
stop
echo "smtp: all as it should be"
