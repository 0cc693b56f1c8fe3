#!/usr/bin/env bash
# Unpacks Debian's Sendmail, with those of its libraries that are not installed, into .cache/sendmail for the system
# tests: it cannot be installed beside Postfix. Nothing outside that folder changes; a second call does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/.cache/sendmail
[ -x "$folder/usr/libexec/sendmail/sendmail" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The user _apt, who downloads, must be able to write here.
chmod 777 "$work"

is_installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# The libraries that a package depends on and that are not here, and theirs. What is installed has its own.
missing_libraries() { # PACKAGE
  local library
  for library in $(apt-cache depends "$1" | sed -n 's/^ *|\?Depends: \(lib[^<>]*\)$/\1/p'); do
    is_installed "$library" && continue
    echo "$library"
    missing_libraries "$library"
  done
}

download() {
  local libraries
  libraries=$(missing_libraries sendmail-bin | sort -u)
  # shellcheck disable=SC2086 # one word each
  (cd "$work" && apt-get download -q sendmail-bin sendmail-cf libsasl2-modules $libraries)
}

download || { apt-get update -q && download; }
for archive in "$work"/*.deb; do dpkg -x "$archive" "$work/root"; done
# With the group of the mail queue the loader would not look at LD_LIBRARY_PATH.
chmod g-s "$work/root/usr/libexec/sendmail/sendmail"
mkdir -p "$(dirname "$folder")"
rm -rf "$folder"
mv "$work/root" "$folder"
