"""Tries every kind of socket, and a listener it knows on this very machine."""

import socket
import subprocess
import sys

import target
from attempts import successes


def send_datagram():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", target.PORT))


def connect_to_name():
    socket.socket(socket.AF_UNIX).connect("\0zcnas-hostile-listener")


def in_a_child():
    code = f"import socket; socket.create_connection(('127.0.0.1', {target.PORT}), 2)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=5, capture_output=True)


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return successes(
            tcp=lambda: socket.create_connection(("127.0.0.1", target.PORT), 2),
            outside=lambda: socket.create_connection(("192.0.2.1", 80), 1),
            datagram=send_datagram,
            ipv6=lambda: socket.socket(socket.AF_INET6),
            packet=lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
            netlink=lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
            hypervisor=lambda: socket.socket(40, socket.SOCK_STREAM),
            name=lambda: socket.gethostbyname("example.org"),
            local_name=connect_to_name,
            in_a_child=in_a_child,
        )
