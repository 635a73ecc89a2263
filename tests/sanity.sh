#!/bin/sh
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-test sanity from a checkout at any path. It insists on a folder named ansible_collections/NAMESPACE/NAME and,
# where git knows the folder as ignored, would skip every file and still exit 0: so the copy is a repository of its own.
set -eu

bin=$(cd "${VENV:-.venv}/bin" && pwd)
root=$(pwd)
cache="$root/.cache/sanity"
copy="$cache/ansible_collections/collab/expressway"

rm -rf "$copy"
mkdir -p "$copy"
git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "$copy"
git init -q "$copy"

# Its own home, so that nothing is written outside the checkout. Some of its tests make environments with a get-pip.py
# that they download; Python's own ensurepip does the same without a download.
home="$cache/home"
mkdir -p "$home/.ansible/test/cache"
[ -e "$home/.config" ] || ln -s "$HOME/.config" "$home/.config"
for name in get_pip_24_2.py get_pip_25_2.py; do
  version=$(echo "$name" | sed 's/get_pip_\(.*\)_\(.*\)\.py/\1.\2/')
  cat >"$home/.ansible/test/cache/$name" <<PY
import subprocess
import sys

keep = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"])
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "pip==$version"] + keep))
PY
done

cd "$copy"
python=$("$bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
HOME="$home" PATH="$bin:$PATH" "$bin/ansible-test" sanity --local --python "$python" "$@"
