# SPDX-License-Identifier: Apache-2.0
"""The errors of axiod: one class for each D-Bus error name, both directions.

AxiodError
 +- NotFound          no such thing
 +- InvalidArgument   a value that cannot be taken; the text says what would be right
 +- NotAuthorized     the caller's role does not allow it
 +- Busy              something else is under way; try again later
 +- NotSupported      this thing cannot do that
 +- HardwareFailure   a line, an ADC or the disk refused
 +- Timeout           too late; it was not done
 +- Conflict          the present configuration does not allow it
 +- LimitReached      too many of them
 +- Unavailable       the service is not there; of a service, what it needs is not, such as a serial port
 +- Internal          a fault of axiod

The text is one sentence for a person. It names the thing and says what to do.
"""

from __future__ import annotations

_PREFIX = "org.axiod.Error."


class AxiodError(Exception):
    """Anything that axiod refuses or fails to do."""

    dbus_name: str = _PREFIX + "Internal"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.dbus_name = _PREFIX + cls.__name__
        _BY_NAME[cls.dbus_name] = cls


_BY_NAME: dict[str, type[AxiodError]] = {}


class NotFound(AxiodError):
    """No such thing."""


class InvalidArgument(AxiodError):
    """A value that cannot be taken."""


class NotAuthorized(AxiodError):
    """The caller's role does not allow it."""


class Busy(AxiodError):
    """Something else is under way."""


class NotSupported(AxiodError):
    """This thing cannot do that."""


class HardwareFailure(AxiodError):
    """A line, an ADC or the disk refused."""


class Timeout(AxiodError):
    """Too late; it was not done, or it is not known whether it was."""


class Conflict(AxiodError):
    """The present configuration does not allow it."""


class LimitReached(AxiodError):
    """Too many of them."""


class Unavailable(AxiodError):
    """The service, the bus, or a device is not there."""


class Internal(AxiodError):
    """A fault of axiod."""


_STANDARD: dict[str, type[AxiodError]] = {
    "org.freedesktop.DBus.Error." + name: error
    for name, error in {
        "ServiceUnknown": Unavailable,
        "NameHasNoOwner": Unavailable,
        "Disconnected": Unavailable,
        "NoReply": Timeout,
        "Timeout": Timeout,
        "TimedOut": Timeout,
        "AccessDenied": NotAuthorized,
        "AuthFailed": NotAuthorized,
        "UnknownObject": NotFound,
        "UnknownInterface": NotFound,
        "UnknownMethod": NotFound,
        "UnknownProperty": NotFound,
        "PropertyReadOnly": NotSupported,
        "InvalidArgs": InvalidArgument,
        "LimitsExceeded": LimitReached,
    }.items()
}


def from_dbus(name: str, text: str) -> AxiodError:
    """Return the error that a D-Bus error reply stands for; an unknown name is Internal."""
    if name.endswith(".NoReply"):
        text = "the service ended, or did not answer, while it was asked; it is not known whether it was done"
    error = _BY_NAME.get(name) or _STANDARD.get(name)
    return error(text) if error else Internal(f"{name}: {text}")
