"""What the kernel refuses a worker, whatever its code tries: programs, processes, and reaching for other processes.

A filter on system calls (seccomp) holds for the rest of a process's life and needs no privilege. With it there are no
fork bombs and no daemons, no fresh interpreter without our refusals, and no memory held where nobody measures it.
Part of the worker: it stands alone and imports nothing of the package.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

_NO_NEW_PRIVILEGES, _DUMPABLE, _SECCOMP, _FILTER = 38, 4, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_THREAD = 0x10000
_X32 = 0x40000000

# By machine: its audit number, the calls refused always (programs, tracing, namespaces, signals by other names),
# those that may name no process but one's own, those that make processes, and two that depend on their argument.
_MACHINES = {
    "x86_64": (
        0xC000003E,
        # execve execveat ptrace process_vm_readv -writev unshare setns tkill rt_sigqueueinfo rt_tgsigqueueinfo
        # pidfd_send_signal pidfd_open pidfd_getfd io_uring_setup bpf perf_event_open userfaultfd, and three for keys
        (59, 322, 101, 310, 311, 272, 308, 200, 129, 297, 424, 434, 438, 425, 321, 298, 323, 248, 249, 250),
        (62, 234, 302),  # kill tgkill prlimit64
        (57, 58),  # fork vfork
        56,  # clone
        157,  # prctl
    ),
    "aarch64": (
        0xC00000B7,
        (221, 281, 117, 270, 271, 97, 268, 130, 138, 240, 424, 434, 438, 425, 280, 241, 282, 217, 218, 219),
        (129, 131, 261),
        (),
        220,
        167,
    ),
}
_CLONE3 = 435


def harden(processes: bool) -> None:
    """Give up for good what a submission does not need: privileges, programs, and, if asked to, further processes.

    Args:
        processes: Whether it may make processes; threads it may make in any case.

    Raises:
        OSError: The kernel does not know such filters.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _checked(libc.prctl(_DUMPABLE, 0, 0, 0, 0))
    header, nothing = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    _checked(libc.capset(header, nothing))  # a root without capabilities cannot raise its limits
    if platform.machine() in _MACHINES:
        code = _program(platform.machine(), processes, os.getpid())
        buffer = ctypes.create_string_buffer(code)
        program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
        _checked(libc.prctl(_SECCOMP, _FILTER, ctypes.c_char_p(program), 0, 0))


def hardens() -> bool:
    """Whether ``harden`` works here, tried in a process of its own."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    pid = os.fork()
    if pid == 0:
        try:
            harden(processes=False)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _checked(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "the kernel does not let a worker confine itself")


def _program(machine: str, processes: bool, own: int) -> bytes:
    """The filter: one block a rule; a block that does not apply is jumped over."""
    audit, never, own_only, forks, clone, prctl = _MACHINES[machine]
    refuse, absent = (_RETURN, 0, 0, _ERROR | errno.EPERM), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)
    allow, argument = (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _FIRST_ARGUMENT)
    code = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, audit), refuse]
    code += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), refuse]
    for number in never:
        code += [(_EQUAL, 0, 1, number), refuse]
    # Else it could open its own files in /proc again, and set back the peak of its memory.
    code += [(_EQUAL, 0, 4, prctl), argument, (_EQUAL, 0, 1, _DUMPABLE), refuse, allow]
    if not processes:
        for number in forks:
            code += [(_EQUAL, 0, 1, number), refuse]
        code += [(_EQUAL, 0, 1, _CLONE3), absent]  # its flags lie in memory; libraries go on with clone
        code += [(_EQUAL, 0, 4, clone), argument, (_ANY_BIT, 1, 0, _THREAD), refuse, allow]
        for number in own_only:
            code += [(_EQUAL, 0, 5, number), argument, (_EQUAL, 2, 0, own), (_EQUAL, 1, 0, 0), refuse, allow]
    return b"".join(struct.pack("<HBBI", *line) for line in [*code, allow])
