# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Excerpts of diagnostic logs, in the shape of those in Cisco's articles about the traffic server of X14.2."""

from __future__ import annotations

PREFIX = "2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]:"

SELF_SIGNED = """\
<#root>

2022-07-11T18:55:25.910+02:00 vcsc traffic_server[18242]: UTCTime="2022-07-11 16:55:25,910"
Module="network.http.trafficserver" Level="INFO": Detail="Receive Request" Txn-id="191" TrackingID=""
Src-ip="127.0.0.1" Src-port="28998" Last-via-addr="" Msg="GET http://vcs_control.steven.lab:8443/
c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvNjk3Mg/CSFemusk.cnf.xml HTTP/1.1"

2022-07-11T18:55:25.917+02:00 vcsc traffic_server[18242]: Event="Request Allowed" Detail="Access allowed"
Reason="In allow list" Username="emusk" Deployment="1" Method="GET"
Request="https://cucm.steven.lab:6972/CSFemusk.cnf.xml" Rule="https://cucm.steven.lab:6972/" Match="prefix"
Type="Automatically generated rule for CUCM server" UTCTime="2022-07-11 16:55:25,916"

2022-07-11T18:55:25.917+02:00 vcsc traffic_server[18242]: UTCTime="2022-07-11 16:55:25,917"
Module="network.http.trafficserver" Level="INFO": Detail="Sending Request" Txn-id="191" TrackingID=""
Dst-ip="10.48.36.215" Dst-port="6972" Msg="GET /CSFemusk.cnf.xml HTTP/1.1"

2022-07-11T18:55:25.955+02:00 vcsc traffic_server[18242]: UTCTime="2022-07-11 16:55:25,955"
Module="network.http.trafficserver" Level="INFO": Detail="Sending Request" Txn-id="191" TrackingID=""
Dst-ip="10.48.36.215" Dst-port="6972" Msg="GET /CSFemusk.cnf.xml HTTP/1.1"

2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]: [ET_NET 0]

<#root>

WARNING: Core server certificate verification failed for (cucm.steven.lab). Action=Terminate Error=self
signed certificate server=cucm.steven.lab(10.48.36.215) depth=0

2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]: [ET_NET 0] ERROR: SSL connection failed for
'cucm.steven.lab': error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed
2022-07-11T18:55:26.024+02:00 vcsc traffic_server[18242]: UTCTime="2022-07-11 16:55:26,024"
Module="network.http.trafficserver" Level="INFO": Detail="Sending Response" Txn-id="191" TrackingID=""
Dst-ip="127.0.0.1" Dst-port="28998" Msg="HTTP/1.1 502 connect failed"
"""
"""A self-signed certificate on the TFTP port, wrapped, with the marks and blank lines of a web page."""

IP_ADDRESS = """\
2022-07-11T19:49:01.472+02:00 vcsc traffic_server[3916]: UTCTime="2022-07-11 17:49:01,472" Module="network.http.trafficserver" Level="INFO": Detail="Receive Request" Txn-id="144" TrackingID="" Src-ip="127.0.0.1" Src-port="35044" Last-via-addr="" Msg="GET http://vcs_control.steven.lab:8443/c3RldmVuLmxhYi9odHRwcy8xMC40OC4zNi4yMTUvODQ0Mw/cucm-uds/user/emusk/devices?max=100 HTTP/1.1"
2022-07-11T19:49:01.478+02:00 vcsc traffic_server[3916]: Event="Request Allowed" Detail="Access allowed" Reason="In allow list" Username="emusk" Deployment="1" Method="GET" Request="https://10.48.36.215:8443/cucm-uds/user/emusk/devices?max=100" Rule="https://10.48.36.215:8443/cucm-uds/user/" Match="prefix" Type="Automatically generated rule for CUCM server" UTCTime="2022-07-11 17:49:01,478"
2022-07-11T19:49:01.478+02:00 vcsc traffic_server[3916]: UTCTime="2022-07-11 17:49:01,478" Module="network.http.trafficserver" Level="INFO": Detail="Sending Request" Txn-id="144" TrackingID="" Dst-ip="10.48.36.215" Dst-port="8443" Msg="GET /cucm-uds/user/emusk/devices?max=100 HTTP/1.1"
2022-07-11T19:49:01.491+02:00 vcsc traffic_server[3916]: [ET_NET 2] WARNING: SNI (10.48.36.215) not in certificate. Action=Terminate server=10.48.36.215(10.48.36.215)
2022-07-11T19:49:01.491+02:00 vcsc traffic_server[3916]: [ET_NET 2] ERROR: SSL connection failed for '10.48.36.215': error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed
2022-07-11T19:49:01.493+02:00 vcsc traffic_server[3916]: UTCTime="2022-07-11 17:49:01,493" Module="network.http.trafficserver" Level="INFO": Detail="Sending Response" Txn-id="144" TrackingID="" Dst-ip="127.0.0.1" Dst-port="35044" Msg="HTTP/1.1 502 connect failed"
"""
"""An IP address in System > Server that the certificate does not hold."""

REFUSED_BY_THE_NODE = """\
2026-01-29T14:01:16.974-05:00 exp-c traffic_server[2030]: UTCTime="2026-01-29 19:01:16,974" Module="network.http.trafficserver" Level="DEBUG": Detail="Sending Request" Txn-id="3028" TrackingID="f0" Dst-ip="10.1.1.1" Dst-port="6972"
HTTPMSG:
|GET /CSFuser.cnf.xml HTTP/1.1
 Host: expc.cisco.com:6972
 Accept: */*
 Cookie:<CONCEALED>

 |

2026-01-29T14:01:16.974-05:00 exp-c traffic_server[2030]:[ET_NET 1]ERROR:SSL connection failed for 'expc.cisco.com':error:14094418: SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca
"""
"""The UC node does not trust the certificate that the Expressway shows it as client."""
