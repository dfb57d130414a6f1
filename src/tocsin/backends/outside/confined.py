"""A child that may start no program and, if it has no need to, reach no network: by the interpreter, and by the kernel where it can."""

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

_PROGRAMS: Final = (
    "subprocess.Popen",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.fork",
    "os.forkpty",
    "pty.spawn",
)
_NETWORK: Final = ("socket.__new__", "socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.bind")  # fmt: skip
_NO_NEW_PRIVILEGES: Final = 38  # prctl(2)
_SECCOMP: Final = 22
_FILTER: Final = 2
# Classic BPF (bpf(4), seccomp(2)): load a word, jump if equal, jump if at least, return.
_LOAD: Final = 0x20
_EQUAL: Final = 0x15
_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_NUMBER_AT: Final = 0
_MACHINE_AT: Final = 4
_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0000 | errno.EPERM
_KILL: Final = 0x8000_0000


class _Machine(NamedTuple):
    """Numbers of a machine's system calls."""

    audit: int
    programs: tuple[int, ...]  # execve, execveat, ptrace, process_vm_readv, process_vm_writev
    network: tuple[int, ...]  # socket, connect, socketpair, io_uring_setup
    others_from: int  # calls of another convention on the same machine


_MACHINES: Final[Mapping[str, _Machine]] = MappingProxyType(
    {
        "x86_64": _Machine(0xC000_003E, (59, 322, 101, 310, 311), (41, 42, 53, 425), 0x4000_0000),
        "aarch64": _Machine(0xC000_00B7, (221, 281, 117, 270, 271), (198, 203, 199, 425), 0x4000_0000),
    }
)


def confine(*, network: bool) -> bool:
    """From now on, for ever: no program, and no socket unless `network`; False if only the interpreter holds it.

    To be called in a running event loop, which has its own pair of sockets by then.
    """
    refused = frozenset(_PROGRAMS if network else (*_PROGRAMS, *_NETWORK))

    def hook(event: str, _arguments: tuple[Any, ...]) -> None:
        if event in refused:
            raise PermissionError(errno.EPERM, "this process reads; it starts and asks nothing")

    sys.addaudithook(hook)
    machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    return machine is not None and _by_the_kernel(machine, machine.programs + (() if network else machine.network))


def _by_the_kernel(machine: _Machine, calls: tuple[int, ...]) -> bool:
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, len(calls) + 1, 0, machine.others_from),
        *((_EQUAL, len(calls) - at, 0, number) for at, number in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    library = ctypes.CDLL(None, use_errno=True)
    none = ctypes.c_ulong(0)
    held = library.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), none, none, none)
    held = held or library.prctl(_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(program), none, none)
    return int(held) == 0
