"""The predefined extensions of cyber-observable objects (STIX 2.1, section 6) as data."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.formats.stix.kinds import (
    ANY,
    COUNT,
    FLAG,
    FLOAT,
    HEX,
    INTEGER,
    STRING,
    STRINGS,
    TIME_SECONDS,
    Condition,
    Either,
    Kind,
    ListOf,
    MapOf,
    Record,
    one_of,
    ref,
    some,
    whole,
)
from tocsin.formats.stix.properties import HASHES, Extensions


def _extension(
    own: Mapping[str, Kind], required: tuple[str, ...] = (), conditions: tuple[Condition, ...] = ()
) -> Record:
    return Record(MappingProxyType(dict(own)), required, conditions, least=1, rest=ANY)


def _part(own: Mapping[str, Kind], required: tuple[str, ...] = (), *, closed: bool = False, least: int = 0) -> Record:
    return Record(MappingProxyType(dict(own)), required, closed=closed, least=least)


_NTFS: Mapping[str, Kind] = MappingProxyType(
    {
        "sid": STRING,
        "alternate_data_streams": ListOf(_part({"name": STRING, "hashes": HASHES, "size": COUNT}, ("name",))),
    }
)
_RASTER: Mapping[str, Kind] = MappingProxyType(
    {
        "image_height": INTEGER,
        "image_width": INTEGER,
        "bits_per_pixel": INTEGER,
        "exif_tags": MapOf(
            Either("a string or a whole number", (STRING, INTEGER)), keys=r"^[A-Z][a-zA-Z0-9_-]{1,249}$"
        ),
    }
)
_PDF: Mapping[str, Kind] = MappingProxyType(
    {
        "version": STRING,
        "is_optimized": FLAG,
        "document_info_dict": MapOf(STRING),
        "pdfid0": STRING,
        "pdfid1": STRING,
    }
)
_OPTIONAL_HEADER: Mapping[str, Kind] = MappingProxyType(
    {
        "magic_hex": HEX,
        "major_linker_version": INTEGER,
        "minor_linker_version": INTEGER,
        "size_of_code": COUNT,
        "size_of_initialized_data": COUNT,
        "size_of_uninitialized_data": COUNT,
        "address_of_entry_point": INTEGER,
        "base_of_code": INTEGER,
        "base_of_data": INTEGER,
        "image_base": INTEGER,
        "section_alignment": INTEGER,
        "file_alignment": INTEGER,
        "major_os_version": INTEGER,
        "minor_os_version": INTEGER,
        "major_image_version": INTEGER,
        "minor_image_version": INTEGER,
        "major_subsystem_version": INTEGER,
        "minor_subsystem_version": INTEGER,
        "win32_version_value_hex": HEX,
        "size_of_image": COUNT,
        "size_of_headers": COUNT,
        "checksum_hex": HEX,
        "subsystem_hex": HEX,
        "dll_characteristics_hex": HEX,
        "size_of_stack_reserve": COUNT,
        "size_of_stack_commit": COUNT,
        "size_of_heap_reserve": COUNT,
        "size_of_heap_commit": COUNT,
        "loader_flags_hex": HEX,
        "number_of_rva_and_sizes": INTEGER,
        "hashes": HASHES,
    }
)
_PEBINARY: Mapping[str, Kind] = MappingProxyType(
    {
        "imphash": STRING,
        "machine_hex": HEX,
        "number_of_sections": COUNT,
        "time_date_stamp": TIME_SECONDS,
        "pointer_to_symbol_table_hex": HEX,
        "number_of_symbols": COUNT,
        "size_of_optional_header": COUNT,
        "characteristics_hex": HEX,
        "file_header_hashes": HASHES,
        "optional_header": _part(_OPTIONAL_HEADER, closed=True, least=1),
        "sections": ListOf(_part({"name": STRING, "size": COUNT, "entropy": FLOAT, "hashes": HASHES}, ("name",))),
    }
)

OF_FILE = Extensions(
    MappingProxyType(
        {
            "ntfs-ext": _extension(_NTFS, conditions=(some(*_NTFS),)),
            "raster-image-ext": _extension(_RASTER, conditions=(some(*_RASTER, "image_compression_algorithm"),)),
            "pdf-ext": _extension(_PDF, conditions=(some(*_PDF),)),
            "archive-ext": _extension(
                {"contains_refs": ListOf(ref("file", "directory")), "comment": STRING}, ("contains_refs",)
            ),
            "windows-pebinary-ext": _extension(
                {"pe_type": STRING, **_PEBINARY}, ("pe_type",), conditions=(some(*_PEBINARY),)
            ),
        }
    )
)

_TCP: Mapping[str, Kind] = MappingProxyType({"src_flags_hex": HEX, "dst_flags_hex": HEX})
_SOCKET: Mapping[str, Kind] = MappingProxyType(
    {
        "address_family": one_of(
            "AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"
        ),
        "is_blocking": FLAG,
        "is_listening": FLAG,
        "options": MapOf(
            INTEGER,
            keys=r"^(?:SO|ICMP|ICMP6|IP|IPV6|MCAST|TCP|IRLMP)(?:_[A-Z]+)+$",
            says="a dictionary of socket options as SO_KEEPALIVE, each a whole number",
        ),
        "socket_type": one_of("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"),
        "socket_descriptor": COUNT,
        "socket_handle": INTEGER,
    }
)

OF_NETWORK_TRAFFIC = Extensions(
    MappingProxyType(
        {
            "http-request-ext": _extension(
                {
                    "request_method": STRING,
                    "request_value": STRING,
                    "request_version": STRING,
                    "request_header": MapOf(STRINGS),
                    "message_body_length": INTEGER,
                    "message_body_data_ref": ref("artifact"),
                },
                ("request_method", "request_value"),
            ),
            "icmp-ext": _extension({"icmp_type_hex": HEX, "icmp_code_hex": HEX}, ("icmp_type_hex", "icmp_code_hex")),
            "socket-ext": _extension(_SOCKET, ("address_family",)),
            "tcp-ext": _extension(_TCP, conditions=(some(*_TCP),)),
        }
    )
)

# The STARTUPINFO structure of Windows, without its reserved pointers: they are null, and STIX has no null.
_STARTUP: Mapping[str, Kind] = MappingProxyType(
    {
        **dict.fromkeys(("cb", "dwX", "dwY", "dwXSize", "dwYSize", "dwXCountChars", "dwYCountChars"), INTEGER),
        **dict.fromkeys(
            (
                "lpDesktop",
                "lpTitle",
                "dwFillAttribute",
                "dwFlags",
                "wShowWindow",
                "hStdInput",
                "hStdOutput",
                "hStdError",
            ),
            STRING,
        ),
        "cbReserved2": whole(0, 0),
    }
)
_WINDOWS_PROCESS: Mapping[str, Kind] = MappingProxyType(
    {
        "aslr_enabled": FLAG,
        "dep_enabled": FLAG,
        "priority": STRING,
        "owner_sid": STRING,
        "window_title": STRING,
        "startup_info": _part(_STARTUP, closed=True, least=1),
        "integrity_level": one_of("low", "medium", "high", "system"),
    }
)
_WINDOWS_SERVICE: Mapping[str, Kind] = MappingProxyType(
    {
        "service_name": STRING,
        "descriptions": STRINGS,
        "display_name": STRING,
        "group_name": STRING,
        "start_type": one_of(
            "SERVICE_AUTO_START",
            "SERVICE_BOOT_START",
            "SERVICE_DEMAND_START",
            "SERVICE_DISABLED",
            "SERVICE_SYSTEM_ALERT",
        ),
        "service_dll_refs": ListOf(ref("file")),
        "service_type": one_of(
            "SERVICE_KERNEL_DRIVER",
            "SERVICE_FILE_SYSTEM_DRIVER",
            "SERVICE_WIN32_OWN_PROCESS",
            "SERVICE_WIN32_SHARE_PROCESS",
        ),
        "service_status": one_of(
            "SERVICE_CONTINUE_PENDING",
            "SERVICE_PAUSE_PENDING",
            "SERVICE_PAUSED",
            "SERVICE_RUNNING",
            "SERVICE_START_PENDING",
            "SERVICE_STOP_PENDING",
            "SERVICE_STOPPED",
        ),
    }
)

OF_PROCESS = Extensions(
    MappingProxyType(
        {
            "windows-process-ext": _extension(_WINDOWS_PROCESS, conditions=(some(*_WINDOWS_PROCESS),)),
            "windows-service-ext": _extension(_WINDOWS_SERVICE, conditions=(some(*_WINDOWS_SERVICE),)),
        }
    )
)

_UNIX: Mapping[str, Kind] = MappingProxyType({"gid": FLOAT, "groups": STRINGS, "home_dir": STRING, "shell": STRING})
OF_USER_ACCOUNT = Extensions(MappingProxyType({"unix-account-ext": _extension(_UNIX, conditions=(some(*_UNIX),))}))
