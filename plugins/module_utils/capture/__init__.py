# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real peer answers, without what is secret, and which guesses about the appliance that settles."""
