#!/usr/bin/env bash
# Sourced by the scripts beside it: a package from npm, unpacked if its hash is the right one. What is
# in $folder goes when the script ends.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Unpacks the parts of a package that are wanted: package, its hash, where to, which parts.
fetch() {
    local package=$1 integrity=$2 to=$3
    shift 3
    rm -rf "${folder:?}/one" && mkdir -p "$folder/one"
    local archive found
    archive=$(npm pack "$package" --silent --pack-destination "$folder")
    found=sha512-$(openssl dgst -sha512 -binary "$folder/$archive" | base64 -w0)
    if [[ $found != "$integrity" ]]; then
        printf '%s: its hash is %s and should be %s\n' "$package" "$found" "$integrity" >&2
        exit 1
    fi
    tar -xzf "$folder/$archive" -C "$folder/one" "${@/#/package/}"
    rm -rf "${to:?}" && mkdir -p "$(dirname "$to")"
    mv "$folder/one/package" "$to"
    printf '%s\n' "$package"
}
