# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.plugins.loader import init_plugin_loader

# Before any test imports from ansible_collections: plugins load only from packages that Ansible's own finder imported.
init_plugin_loader()
