#!/bin/sh
# A self-signed certificate for development: cmake/dev-cert.sh [FOLDER] [NAME…]
#
# Makes FOLDER/cert.pem and FOLDER/key.pem for the host names and IP addresses given (localhost, 127.0.0.1 and
# ::1 when none are), good for 30 days. A program can make its own: ec::make_development_certificate().
set -eu

folder=${1:-.}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- localhost 127.0.0.1 ::1

names=""
for name in "$@"; do
    case "$name" in
    *,*) echo "dev-cert: \"$name\" is no name" >&2 && exit 2 ;;
    *:* | *[0-9].*[0-9].*[0-9].*[0-9]) names="$names,IP:$name" ;;
    *) names="$names,DNS:$name" ;;
    esac
done

mkdir -p "$folder"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -addext "subjectAltName=${names#,}" -addext "extendedKeyUsage=serverAuth,clientAuth" \
    -addext "basicConstraints=critical,CA:FALSE" \
    -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
echo "$folder/cert.pem and $folder/key.pem, for $*; no client knows them: curl --cacert $folder/cert.pem"
