"""Which addresses lead into this machine or network, where a channel goes only if its settings say so."""

import ipaddress
import socket

from alert_bridge.notify.notifier import DeliveryError

PRIVATE_REMEDY = "set allow_private_addresses: true if meant"

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddress(OSError):
    """A name that leads to an address of this machine or network, which the channel may not reach.

    Attributes: address.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return f"{self.address} is a private or loopback address"


def is_private(address: str) -> bool:
    """Tell whether an IP address is anything but a public unicast address, also where one wraps another.

    Raises ValueError if the text is no IP address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return not wrapped.is_global or wrapped.is_multicast
    return not ip.is_global or ip.is_multicast


def names_private_address(host: str) -> bool:
    """Tell whether a host is written as a private address: `localhost`, `10.0.0.1`, `[::1]`, `2130706433`, `0x7f.1`."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_private(host)
    except ValueError:
        pass
    try:
        return is_private(socket.inet_ntoa(socket.inet_aton(host)))
    except (OSError, UnicodeEncodeError):
        return False


def refused(who: str, error: PrivateAddress) -> DeliveryError:
    """Return what is said of a connection that was not made. who: host or service that leads there."""
    return DeliveryError("connect", f"{who} leads to {error}; {PRIVATE_REMEDY}", permanent=True)
