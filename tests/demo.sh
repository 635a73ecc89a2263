#!/bin/sh
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make demo: audit the embedded estate and show what a site would see.
set -eu

bin="${VENV:-.venv}/bin"
report=.cache/demo
log="$report/ansible.log"
mkdir -p "$report"

if "$bin/python" -m tests.lab status >/dev/null 2>&1; then
  echo "The estate is up already; it stays up."
else
  echo "Starting the estate (loopback only) …"
  trap '"$bin/python" -m tests.lab down >/dev/null' EXIT
  trap 'exit 130' INT TERM
  "$bin/python" -m tests.lab up >"$report/estate.txt"
fi

echo "Auditing: ansible-playbook collab.expressway.audit -i inventory/lab"
if ! "$bin/ansible-playbook" collab.expressway.audit -i inventory/lab \
    -e mra_audit_report_dest="$PWD/$report" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
echo
# The text report starts with the summary, up to the first blank line.
sed '/^$/,$d' "$report/mra-audit.txt"
echo
echo "Report:  file://$PWD/$report/mra-audit.html"
echo "Details: $log"
