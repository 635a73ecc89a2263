# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """The options of a login over SSH, which Ansible's usual variables set."""

    DOCUMENTATION = r"""
options:
  host:
    description: Name or address to connect to.
    type: string
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_ssh_host
  inventory_name:
    description: How messages name the host.
    type: string
    default: ""
    vars:
      - name: inventory_hostname
  port:
    description: Port of the SSH service. Some Expressway virtual machines are deployed with 5022.
    type: integer
    default: 22
    ini:
      - {section: defaults, key: remote_port}
    env:
      - name: ANSIBLE_REMOTE_PORT
    vars:
      - name: ansible_port
      - name: ansible_ssh_port
    keyword:
      - name: port
  remote_user:
    description: Administrator to log in as.
    type: string
    default: admin
    ini:
      - {section: defaults, key: remote_user}
    env:
      - name: ANSIBLE_REMOTE_USER
    vars:
      - name: ansible_user
      - name: ansible_ssh_user
    keyword:
      - name: remote_user
    cli:
      - name: user
  password:
    description: Password of the administrator. Not sent over SSH when O(private_key_file) is given.
    type: string
    vars:
      - name: ansible_password
      - name: ansible_ssh_pass
      - name: ansible_ssh_password
  private_key_file:
    description: Private key to log in with instead of a password.
    type: string
    ini:
      - {section: defaults, key: private_key_file}
    env:
      - name: ANSIBLE_PRIVATE_KEY_FILE
    vars:
      - name: ansible_private_key_file
      - name: ansible_ssh_private_key_file
    cli:
      - name: private_key_file
        option: "--private-key"
  private_key_passphrase:
    description: Passphrase of O(private_key_file).
    type: string
    vars:
      - name: ansible_private_key_passphrase
      - name: ansible_ssh_private_key_passphrase
  host_key_checking:
    description: Whether an unknown host key is refused. A key that differs from a known one is always refused.
    type: boolean
    default: true
    ini:
      - {section: defaults, key: host_key_checking}
    env:
      - name: ANSIBLE_HOST_KEY_CHECKING
      - name: ANSIBLE_SSH_HOST_KEY_CHECKING
    vars:
      - name: ansible_host_key_checking
      - name: ansible_ssh_host_key_checking
requirements:
  - paramiko >= 3.4
notes:
  - Host keys are looked up in C(~/.ssh/known_hosts), C(/etc/ssh/ssh_known_hosts) and the file in O(known_hosts_file). A key for a port
    other than 22 stands there as C([host]:port). Nothing is ever written to these files.
  - Ordinary modules, M(ansible.builtin.command) and M(ansible.builtin.copy) among them, cannot run over this connection.
"""
