# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the logs of Expressway peers to the UC nodes that they refuse, as a task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic_log_info
short_description: Find in Expressway logs which UC nodes the traffic server refuses, and why
version_added: 0.1.0
description:
  - Reads diagnostic logs of Cisco Expressway and names each UC node whose TLS certificate the traffic server refused,
    with the port that clients asked for, the cause, the remedy, and the users who met it.
  - Reads files of any size as a stream and in constant memory, alone, in folders, and packed with gzip, tar or zip,
    one in another. Nothing is unpacked to disk by name.
  - A refusal in the log carries neither port nor request. It is tied to the request that the same process sent to that
    address at that moment, and RV(refusals[].certainty) says how sure that is.
  - What is wrong with a certificate is told from the error text. The depth only tells which certificate it is.
author:
  - The collab.expressway authors (@collab)
extends_documentation_fragment:
  - collab.expressway.attributes.pure_module
options:
  paths:
    description:
      - Log files, folders with log files, and archives, on the host that runs the module.
      - Name the logs of all peers of a cluster in one task.
      - The parts of a rotated log are read oldest first, such as C(messages.1) before C(messages), wherever they stand among the
        paths, in a folder or in a zip archive; those in a tar archive are read in its order.
      - Text in UTF-16 is read, too.
      - The log files of Apache Traffic Server itself, such as V(diags.log), are read, too.
    type: list
    elements: path
    required: true
  peer:
    description:
      - Name of the peer for lines that hold no host name, as in the log files of Apache Traffic Server itself.
      - Default is the name of the file.
    type: str
  since:
    description:
      - Only refusals from this moment on, in ISO 8601, for instance V(2026-12-01T08:00:00+01:00). UTC when it names no
        zone.
    type: str
  until:
    description: Only refusals up to this moment, in ISO 8601.
    type: str
  max_samples:
    description: How many lines of the log are shown for each refusal.
    type: int
    default: 3
  audits:
    description:
      - Audits of the clusters that the logs come from, as M(collab.expressway.mra_audit_info) returns in
        RV(collab.expressway.mra_audit_info#module:audit).
      - Each refusal then gets the certificate concerned and what repairs it, in RV(joined).
    type: list
    elements: dict
notes:
  - What was read until a file turned out to be damaged is returned with the failure.
  - In a log of more than 256 KB only the lines around refusals are read. The answer to a refused request is looked for in the
    128 KB after a refusal, and the other lines of a request in the 256 KB before its answer. A request that was refused, sent once more
    and got through is recognised if it was sent in the 128 KB before the refusal and again in the 16 KB after it.
  - There a refusal counts only where its C(Action=Terminate), or C(SSL connection failed for), is in one piece. A shorter text may be
    broken anywhere, by a web page or by a terminal.
seealso:
  - module: collab.expressway.mra_audit_info
  - module: collab.expressway.origin_verdict_info
"""

EXAMPLES = r"""
- name: Analyse the diagnostic logs of a cluster
  collab.expressway.traffic_log_info:
    paths:
      - /tmp/diagnostics
      - /tmp/diagnostic_log_expc3_2026-12-01_10_11_12.tar.gz
    since: 2026-12-01T08:00:00+01:00
  register: log

- name: Show the culprits
  ansible.builtin.debug:
    msg: "{{ item.peer }} refuses {{ item.address }}:{{ item.ports | join(' or ') }}: {{ item.cause }} {{ item.remedy }}"
  loop: "{{ log.refusals }}"
  loop_control:
    label: "{{ item.address }}"

- name: Explain the same with the certificates of an audit
  collab.expressway.traffic_log_info:
    paths: /tmp/diagnostics
    audits: "{{ (lookup('ansible.builtin.file', 'mra-audit.json') | from_json).audits }}"
  register: explained
"""

RETURN = r"""
refusals:
  description: One record for each peer, address, port and cause, the one with the most refused requests first.
  returned: always
  type: list
  elements: dict
  contains:
    peer:
      description: Host name of the peer in the line.
      type: str
      sample: expc1
    address:
      description: Host that clients asked for.
      type: str
      sample: cucm1.example.test
    ip:
      description: IP address that the peer connected to first; null where the line does not tell it.
      type: str
      sample: 192.0.2.10
    ips:
      description: All IP addresses of that host that the peer connected to.
      type: list
      elements: str
      sample: [192.0.2.10]
    ports:
      description:
        - The port that clients asked for.
        - All possible ones where RV(refusals[].certainty) is V(ambiguous); empty where the log holds no request.
      type: list
      elements: int
      sample: [6972]
    certainty:
      description:
        - V(exact) when only one origin can be meant.
        - V(probable) when the answers to the requests, or the number of attempts, leave one.
        - V(ambiguous) otherwise. It is rare while a node is asked for one port at a time, and common where several
          ports of one node are refused for the same cause by requests at the same moment.
      type: str
      sample: exact
    stage:
      description:
        - V(chain) when the chain is refused, V(name) when the address is not in the certificate.
        - V(plugin) when a plugin of the traffic server refuses it, V(handshake) when the TLS handshake failed otherwise,
          for instance because the UC node refuses the certificate of the Expressway.
      type: str
      sample: chain
    error:
      description: The words of OpenSSL 1.1.1, whatever OpenSSL wrote the line.
      type: str
      sample: self signed certificate
    error_code:
      description: Error number of OpenSSL 1.1.1, null where no certificate error is involved.
      type: int
      sample: 18
    depth:
      description: Which certificate of the chain the error is about, counted from the leaf, 0.
      type: int
      sample: 0
    action:
      description: V(Terminate) when the connection was refused, V(Continue) when the peer only warned.
      type: str
      sample: Terminate
    count:
      description:
        - How many requests were refused. The attempts of one request count once.
        - Where the log holds no requests, lines of one thread, address and cause count as attempts of one request when
          each follows the one before within a second.
      type: int
      sample: 12
    first:
      description: Time of the first line, as the log has it; null where lines have no time.
      type: str
      sample: "2026-12-01T10:11:12.026+01:00"
    last:
      description: Time of the last line.
      type: str
      sample: "2026-12-01T10:13:40.117+01:00"
    users:
      description: Users whose requests were refused, by the allow list or the URL; at most 1000.
      type: list
      elements: str
      sample: [alice]
    requests:
      description: What was asked for, without the query; at most 50.
      type: list
      elements: str
      sample: [GET /CSFALICE.cnf.xml]
    cause:
      description: Why it was refused.
      type: str
    remedy:
      description: What repairs it.
      type: str
    samples:
      description: The first lines of this refusal.
      type: list
      elements: dict
      contains:
        file:
          description: The file; behind the name of an archive the name in it.
          type: str
          sample: /tmp/diagnostics/expc1.tar.gz/loggingsnapshot_expc1.txt
        line:
          description: Number of the line.
          type: int
          sample: 4711
        text:
          description: The line.
          type: str
connections:
  description: What else the logs tell.
  returned: always
  type: dict
  contains:
    ok:
      description:
        - Requests that got through, which are those answered with a status from 200 to 399.
        - Neither refused requests nor those that failed for another reason are in it.
        - All requests in the files count, whatever O(since) and O(until) say; those in two downloads that overlap count twice.
      type: int
    refused:
      description: Connections that were refused; each attempt of a request counts.
      type: int
skipped_lines:
  description: Lines that tell of a refusal, but are cut off or damaged.
  returned: always
  type: int
files:
  description: Every log that was read, in order.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file; behind the name of an archive the name in it.
      type: str
    bytes:
      description: Its size, unpacked.
      type: int
    skipped_lines:
      description: RV(skipped_lines) of this file.
      type: int
skipped_files:
  description: Files that are no logs, such as packet captures. The task fails when there are no others.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
    reason:
      description: What it is.
      type: str
unread:
  description: Files that could not be read to their end. The task fails when there are any.
  returned: always
  type: list
  elements: str
joined:
  description: The refusals beside the verdicts of the audits.
  returned: when O(audits) is given
  type: dict
  contains:
    explained:
      description:
        - Refusals that the audit predicts. Each is one of RV(refusals) without C(samples), with the cause and the remedy of the verdict, and
          has the keys below.
      type: list
      elements: dict
      contains:
        peer: {description: As in RV(refusals)., type: str}
        address: {description: As in RV(refusals)., type: str}
        ip: {description: As in RV(refusals)., type: str}
        ports: {description: As in RV(refusals)., type: list, elements: int}
        certainty: {description: As in RV(refusals)., type: str}
        stage: {description: As in RV(refusals)., type: str}
        error: {description: As in RV(refusals)., type: str}
        error_code: {description: As in RV(refusals)., type: int}
        depth: {description: As in RV(refusals)., type: int}
        action: {description: As in RV(refusals)., type: str}
        count: {description: As in RV(refusals)., type: int}
        first: {description: As in RV(refusals)., type: str}
        last: {description: As in RV(refusals)., type: str}
        users: {description: As in RV(refusals)., type: list, elements: str}
        requests: {description: As in RV(refusals)., type: list, elements: str}
        port: {description: Port of the verdict., type: int}
        cluster: {description: Cluster of the audit., type: str}
        certificate:
          description: The certificate that the error is about; null where no chain was seen.
          type: dict
          contains:
            sha256: {description: "SHA-256 of the DER, in lower-case hexadecimal.", type: str}
            subject: {description: "Subject, RFC 4514.", type: str}
            common_name: {description: "First common name of the subject, or null.", type: str}
            issuer: {description: "Issuer, RFC 4514.", type: str}
            not_before: {description: "Start of its validity, ISO 8601.", type: str}
            not_after: {description: "End of its validity, ISO 8601.", type: str}
            key_type: {description: "V(rsa), V(ecdsa) and so on.", type: str}
            self_signed: {description: Whether it signed itself., type: bool}
        chain: {description: "SHA-256 of the certificates, leaf first.", type: list, elements: str}
        key_type: {description: Key type of the leaf., type: str}
        cause: {description: Why it is refused., type: str}
        remedy: {description: What repairs it., type: str}
        reveals: {description: What will still fail once that is repaired., type: list, elements: str}
        plan:
          description: What to upload to that peer for it.
          type: list
          elements: dict
          contains:
            sha256: {description: "SHA-256 of the DER, in lower-case hexadecimal.", type: str}
            subject: {description: "Subject, RFC 4514.", type: str}
            common_name: {description: "First common name, or null.", type: str}
            reason: {description: Why., type: str}
    unpredicted:
      description: Refusals that no verdict of the audit explains, as findings.
      type: list
      elements: dict
      contains:
        id: {description: Stable identifier., type: str}
        check: {description: "V(refusal_not_predicted).", type: str}
        severity: {description: "V(warning).", type: str}
        title: {description: What was found., type: str}
        evidence: {description: What shows it., type: list, elements: str}
        remedy: {description: What to do., type: str}
        peers: {description: Peer that it concerns., type: list, elements: str}
        address: {description: Address that it concerns., type: str}
        port: {description: Port that it concerns; null where it is not known., type: int}
        key_type: {description: Always null., type: str}
        reproduce: {description: Always null., type: str}
    not_in_log:
      description: Refusals that the audit predicts for today and the logs do not hold, as findings.
      type: list
      elements: dict
      contains:
        id: {description: Stable identifier., type: str}
        check: {description: "V(prediction_not_in_log).", type: str}
        severity: {description: "V(info).", type: str}
        title: {description: What was found., type: str}
        evidence: {description: What shows it., type: list, elements: str}
        remedy: {description: What to do., type: str}
        peers: {description: Peer that it concerns., type: list, elements: str}
        address: {description: Address that it concerns., type: str}
        port: {description: Port that it concerns; null where it is not known., type: int}
        key_type: {description: Always null., type: str}
        reproduce: {description: Always null., type: str}
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.audit_join import (
    audit_problems,
    join_audits,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.refusals import (
    TooManyRefusals,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sources import (
    complaints,
    line_numbers,
    open_logs,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "paths": {"type": "list", "elements": "path", "required": True},
    "peer": {"type": "str"},
    "since": {"type": "str"},
    "until": {"type": "str"},
    "max_samples": {"type": "int", "default": 3},
    "audits": {"type": "list", "elements": "dict"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    paths, told = module.params["paths"], []
    if not paths:
        told.append("paths: name at least one log file, folder or archive")
    told += complaints(paths)
    since, until = (_moment(module.params[name], name, told) for name in ("since", "until"))
    if module.params["max_samples"] < 0:
        told.append(f"max_samples: {module.params['max_samples']} is less than 0")
    for index, audit in enumerate(module.params["audits"] or []):
        told += audit_problems(f"audits[{index}]", audit)
    if told:
        module.fail_json(msg="Nothing was read. " + "; ".join(told))
    result = _read(
        module, Options(module.params["peer"], module.params["max_samples"], since, until)
    )
    if module.params["audits"] is not None:
        result["joined"] = join_audits(result["refusals"], module.params["audits"])
    if result["unread"]:
        module.fail_json(msg="Not everything was read. " + "; ".join(result["unread"]), **result)
    if result["skipped_files"] and not result["files"]:
        skipped = "; ".join(f"{one['path']}: {one['reason']}" for one in result["skipped_files"])
        module.fail_json(msg=f"paths: there is no log in them. {skipped}", **result)
    module.exit_json(changed=False, **result)


def _read(module: AnsibleModule, options: Options) -> dict[str, Any]:
    unread: list[str] = []
    skipped: list[dict[str, str]] = []
    try:
        logs = open_logs(module.params["paths"], unread, skipped)
        result = analyse(logs, options, line_numbers)
    except TooManyRefusals as problem:
        module.fail_json(msg=f"The logs cannot be told in records: {problem}.")
    result["unread"] = list(dict.fromkeys(result["unread"] + unread))
    result["skipped_files"] = skipped
    return result


def _moment(text: str | None, option: str, told: list[str]) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        told.append(f"{option}: '{text}' is no ISO 8601 time such as 2026-12-01T08:00:00+01:00")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
