# Sourced by demo.sh and test.sh: installs the Debian packages that are missing, and only those.
#
#   need_command COMMAND PACKAGE   need_library PKG_CONFIG_NAME PACKAGE   install_missing

missing=""

need_command() {
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

# Without pkg-config nothing is known to be there; apt-get leaves alone what is.
need_library() {
    pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"
}

install_missing() {
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "eventcore: not found (names as in Debian):$missing" >&2
        return 0  # cmake says what cannot be done without; some of these are optional
    fi
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then as_root="sudo"; fi
    echo "eventcore: installing$missing"
    # shellcheck disable=SC2086 # the words are meant to split
    $as_root apt-get update -q &&
        $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends $missing ||
        echo "eventcore: apt-get failed; going on with what is there" >&2
}
