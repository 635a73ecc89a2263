# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a user runs it: through Ansible, on the controller."""

from __future__ import annotations

from pathlib import Path

from tests.unit.documented import undocumented
from tests.unit.local_module import results_of
from tests.unit.san_coverage.leafs import leaf, origin, shown, stored

HOST = "cucm1.example.test"


def test_the_module_compares_and_complains_under_ansible(tmp_path: Path) -> None:
    calls = [
        {
            "origins": [origin(HOST)],
            "presented": [shown(HOST, leaf("x", (HOST,)))],
            "certificates": [stored(HOST, leaf("x", ("other.example.test",)))],
        },
        {"origins": [], "certificates": [{"node": HOST, "unit": "tomcat"}]},
    ]
    good, bad = results_of("san_coverage_info", calls, tmp_path)
    assert good["changed"] is False
    assert [found["check"] for found in good["findings"]] == [
        "presented_differs_from_stored",
        "name_not_in_certificate",
    ]
    assert good["csr"][0]["text"] == f"other.example.test\n{HOST}\n"
    assert good["covered"] is False
    # An entry of csr, which is documented there.
    for entry in good["coverage"]:
        assert entry.pop("csr") in (None, *good["csr"])
    assert undocumented("san_coverage_info", good) == set()
    assert "certificates[0] has no pem; give what uc_certificates_info returned" in bad["msg"]
