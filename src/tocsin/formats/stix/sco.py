"""The cyber-observable objects of STIX 2.1 (section 6) as data, with the properties their ids are made of."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.formats.stix import sco_extensions as predefined
from tocsin.formats.stix.kinds import (
    BINARY,
    COUNT,
    DICTIONARY,
    FALSE,
    FLAG,
    HEX,
    INTEGER,
    STRING,
    STRINGS,
    TIME,
    TRUE,
    URL,
    Condition,
    Either,
    Kind,
    ListOf,
    MapOf,
    Record,
    Text,
    one_of,
    ref,
    some,
    whole,
)
from tocsin.formats.stix.model import ObjectType, Order, observable
from tocsin.formats.stix.properties import HASHES

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_GROUP = r"[0-9A-Fa-f]{1,4}"


def _ipv6() -> str:
    """Every way RFC 4291 writes an address: eight groups, or fewer with one `::`, the last two possibly as IPv4."""
    tail = rf"(?:{_GROUP}:{_GROUP}|{_IPV4})"
    forms = [rf"(?:{_GROUP}:){{6}}{tail}"]
    for before in range(8):  # `before` groups stand in front of the `::`, at most 7 groups in all
        head = rf"(?:{_GROUP}(?::{_GROUP}){{{before - 1}}})" if before else ""
        room = 7 - before
        rests = [rf"(?:{_GROUP}:){{0,{room - 2}}}{tail}"] if room >= 2 else []
        rests += [_GROUP] if room >= 1 else []
        forms.append(rf"{head}::(?:{'|'.join(rests)})?" if rests else rf"{head}::")
    return f"(?:{'|'.join(forms)})"


_ENCODING = Text("the name of an IANA character set", r"^[a-zA-Z0-9/.+_:()-]{2,250}$")
_DOMAIN = Either(
    "a domain name as RFC 1034 and RFC 5890 have it",
    (
        Text(format="idn-hostname"),
        # written with the dot of the root
        Text(pattern=r"^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+$", longest=254),
    ),
)
_EMAIL = Text(
    "an e-mail address as RFC 5322 has it",
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62})\.)+[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62})$",
)
_CPE_PART = r"(?:[*-]|[?]*\*?(?:[a-zA-Z0-9._-]|\\[^a-zA-Z0-9\s])+[?]*\*?)"
_CPE = Text(
    "a CPE 2.3 formatted string",
    rf"^cpe:2\.3:[aho*-](?::{_CPE_PART}){{5}}:(?:[a-zA-Z]{{2,3}}(?:-(?:[a-zA-Z]{{2}}|[0-9]{{3}}))?|[*-])(?::{_CPE_PART}){{4}}$",
)
_MEDIA = Text(
    "a media type of the form type/subtype",
    r"^(?:application|audio|font|image|message|model|multipart|text|video)/[a-zA-Z0-9.+_-]+$",
)
_REGISTRY_KEY = Text(
    "a registry key with its hive written in full, HKEY_LOCAL_MACHINE and not HKLM",
    refused=r"^(?:HKLM|HKCC|HKCR|HKCU|HKU|hklm|hkcc|hkcr|hkcu|hku)(?:\\|$)",
)
_REGISTRY_TYPES = one_of(
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_DWORD_LITTLE_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTION",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
    "REG_INVALID_TYPE",
)

_ADDRESSES = ListOf(ref("email-addr"))
_ARTIFACT = ref("artifact")
_USER = ref("user-account")
_HOST = ref("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name")
_FILE_TIMES: Mapping[str, Kind] = MappingProxyType({"ctime": TIME, "mtime": TIME, "atime": TIME})
_ON_NETWORK: Mapping[str, Kind] = MappingProxyType(
    {
        "resolves_to_refs": ListOf(ref("mac-addr")),
        "belongs_to_refs": ListOf(ref("autonomous-system")),
    }
)

_MIME_PART = Record(
    MappingProxyType(
        {
            "body": STRING,
            "body_raw_ref": ref("artifact", "file"),
            "content_type": STRING,
            "content_disposition": STRING,
        }
    ),
    conditions=(
        some("body", "body_raw_ref"),
        Condition("may not have both body and body_raw_ref", when="body", never=("body_raw_ref",)),
    ),
)
_HEADERS_WITH_PROPERTIES = (
    "date",
    "received_lines",
    "content_type",
    "from_ref",
    "sender_ref",
    "to_refs",
    "cc_refs",
    "bcc_refs",
    "subject",
)
_HEADERS = MapOf(
    Either("a string or a list of at least two strings", (STRING, ListOf(STRING, least=2))),
    never=_HEADERS_WITH_PROPERTIES,
    says="a dictionary of the header fields that have no property of their own",
)

_ACCOUNT: Mapping[str, Kind] = MappingProxyType(
    {
        "user_id": STRING,
        "credential": STRING,
        "account_login": STRING,
        "account_type": STRING,
        "display_name": STRING,
        "is_service_account": FLAG,
        "is_privileged": FLAG,
        "can_escalate_privs": FLAG,
        "is_disabled": FLAG,
        "account_created": TIME,
        "account_expires": TIME,
        "credential_last_changed": TIME,
        "account_first_login": TIME,
        "account_last_login": TIME,
    }
)
_PROCESS: Mapping[str, Kind] = MappingProxyType(
    {
        "is_hidden": FLAG,
        "pid": INTEGER,
        "created_time": TIME,
        "cwd": STRING,
        "command_line": STRING,
        "environment_variables": DICTIONARY,
        "opened_connection_refs": ListOf(ref("network-traffic")),
        "creator_user_ref": _USER,
        "image_ref": ref("file"),
        "parent_ref": ref("process"),
        "child_refs": ListOf(ref("process")),
    }
)
_REGISTRY: Mapping[str, Kind] = MappingProxyType(
    {
        "key": _REGISTRY_KEY,
        "values": ListOf(
            Record(
                MappingProxyType({"name": STRING, "data": STRING, "data_type": _REGISTRY_TYPES}),
                conditions=(some("name", "data", "data_type"),),
            )
        ),
        "modified_time": TIME,
        "creator_user_ref": _USER,
        "number_of_subkeys": INTEGER,
    }
)
_V3: Mapping[str, Kind] = MappingProxyType(
    {
        "basic_constraints": STRING,
        "name_constraints": STRING,
        "policy_constraints": STRING,
        "key_usage": STRING,
        "extended_key_usage": STRING,
        "subject_key_identifier": STRING,
        "authority_key_identifier": STRING,
        "subject_alternative_name": STRING,
        "issuer_alternative_name": STRING,
        "subject_directory_attributes": STRING,
        "crl_distribution_points": STRING,
        "inhibit_any_policy": STRING,
        "private_key_usage_period_not_before": TIME,
        "private_key_usage_period_not_after": TIME,
        "certificate_policies": STRING,
        "policy_mappings": STRING,
    }
)
_CERTIFICATE: Mapping[str, Kind] = MappingProxyType(
    {
        "is_self_signed": FLAG,
        "hashes": HASHES,
        "version": STRING,
        "serial_number": STRING,
        "signature_algorithm": STRING,
        "issuer": STRING,
        "validity_not_before": TIME,
        "validity_not_after": TIME,
        "subject": STRING,
        "subject_public_key_algorithm": STRING,
        "subject_public_key_modulus": STRING,
        "subject_public_key_exponent": INTEGER,
        "x509_v3_extensions": Record(MappingProxyType(_V3), conditions=(some(*_V3),)),
    }
)

OBSERVABLE_OBJECTS: tuple[ObjectType, ...] = (
    observable(
        "artifact",
        {
            "mime_type": _MEDIA,
            "payload_bin": BINARY,
            "url": URL,
            "hashes": HASHES,
            "encryption_algorithm": one_of("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"),
            "decryption_key": STRING,
        },
        conditions=(
            some("payload_bin", "url"),
            Condition("may not have both payload_bin and url", when="payload_bin", never=("url",)),
            Condition("needs hashes when url is there", when="url", some=(("hashes",),)),
            Condition(
                "needs encryption_algorithm when decryption_key is there",
                when="decryption_key",
                some=(("encryption_algorithm",),),
            ),
        ),
        contributing=("hashes", "payload_bin"),
    ),
    observable(
        "autonomous-system",
        {"number": INTEGER, "name": STRING, "rir": STRING},
        required=("number",),
        contributing=("number",),
    ),
    observable(
        "directory",
        {
            **_FILE_TIMES,
            "path": STRING,
            "path_enc": _ENCODING,
            "contains_refs": ListOf(ref("file", "directory")),
        },
        required=("path",),
        contributing=("path",),
    ),
    observable(
        "domain-name",
        {"value": _DOMAIN, "resolves_to_refs": ListOf(ref("ipv4-addr", "ipv6-addr", "domain-name"))},
        required=("value",),
        contributing=("value",),
    ),
    observable(
        "email-addr",
        {"value": _EMAIL, "display_name": STRING, "belongs_to_ref": _USER},
        required=("value",),
        contributing=("value",),
    ),
    observable(
        "email-message",
        {
            "is_multipart": FLAG,
            "date": TIME,
            "content_type": STRING,
            "from_ref": ref("email-addr"),
            "sender_ref": ref("email-addr"),
            "to_refs": _ADDRESSES,
            "cc_refs": _ADDRESSES,
            "bcc_refs": _ADDRESSES,
            "message_id": STRING,
            "subject": STRING,
            "received_lines": STRINGS,
            "additional_header_fields": _HEADERS,
            "body": STRING,
            "body_multipart": ListOf(_MIME_PART),
            "raw_email_ref": _ARTIFACT,
        },
        required=("is_multipart",),
        conditions=(
            Condition(
                "may not have body_multipart when is_multipart is false",
                when="is_multipart",
                being=FALSE,
                never=("body_multipart",),
            ),
            Condition("may not have body when is_multipart is true", when="is_multipart", being=TRUE, never=("body",)),
        ),
        contributing=("from_ref", "subject", "body"),
    ),
    observable(
        "file",
        {
            **_FILE_TIMES,
            "extensions": predefined.OF_FILE,
            "hashes": HASHES,
            "size": COUNT,
            "name": STRING,
            "name_enc": _ENCODING,
            "magic_number_hex": HEX,
            "mime_type": STRING,
            "parent_directory_ref": ref("directory"),
            "contains_refs": ListOf(ref()),
            "content_ref": _ARTIFACT,
        },
        conditions=(some("hashes", "name"),),
        contributing=("hashes", "name", "parent_directory_ref", "extensions"),
    ),
    observable(
        "ipv4-addr",
        {
            **_ON_NETWORK,
            "value": Text("an IPv4 address, or a network in CIDR notation", rf"^{_IPV4}(?:/(?:3[0-2]|[12]?[0-9]))?$"),
        },
        required=("value",),
        contributing=("value",),
    ),
    observable(
        "ipv6-addr",
        {
            **_ON_NETWORK,
            "value": Text(
                "an IPv6 address, or a network in CIDR notation",
                rf"^{_ipv6()}(?:%[^/\s]+)?(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?$",
            ),
        },
        required=("value",),
        contributing=("value",),
    ),
    observable(
        "mac-addr",
        {"value": Text("a MAC address as 00:00:5e:00:53:af, in lower case", r"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$")},
        required=("value",),
        contributing=("value",),
    ),
    observable("mutex", {"name": STRING}, required=("name",), contributing=("name",)),
    observable(
        "network-traffic",
        {
            "extensions": predefined.OF_NETWORK_TRAFFIC,
            "start": TIME,
            "end": TIME,
            "is_active": FLAG,
            "src_ref": _HOST,
            "dst_ref": _HOST,
            "src_port": whole(0, 65535),
            "dst_port": whole(0, 65535),
            "protocols": STRINGS,
            "src_byte_count": COUNT,
            "dst_byte_count": COUNT,
            "src_packets": COUNT,
            "dst_packets": COUNT,
            "ipfix": MapOf(Either("a string or a whole number", (STRING, INTEGER))),
            "src_payload_ref": _ARTIFACT,
            "dst_payload_ref": _ARTIFACT,
            "encapsulates_refs": ListOf(ref("network-traffic")),
            "encapsulated_by_ref": ref("network-traffic"),
        },
        required=("protocols",),
        conditions=(
            some("src_ref", "dst_ref"),
            Condition("may not have end when is_active is true", when="is_active", being=TRUE, never=("end",)),
        ),
        contributing=("start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"),
        orders=(Order("start", "end"),),
    ),
    observable(
        "process", {**_PROCESS, "extensions": predefined.OF_PROCESS}, conditions=(some("extensions", *_PROCESS),)
    ),
    observable(
        "software",
        {
            "name": STRING,
            "cpe": _CPE,
            "swid": STRING,
            "languages": ListOf(Text("a language code of three letters, as ISO 639-2 has it", r"^[a-z]{3}$")),
            "vendor": STRING,
            "version": STRING,
        },
        required=("name",),
        contributing=("name", "cpe", "swid", "vendor", "version"),
    ),
    observable("url", {"value": URL}, required=("value",), contributing=("value",)),
    observable(
        "user-account",
        {**_ACCOUNT, "extensions": predefined.OF_USER_ACCOUNT},
        conditions=(some("extensions", *_ACCOUNT),),
        contributing=("account_type", "user_id", "account_login"),
    ),
    observable("windows-registry-key", _REGISTRY, conditions=(some(*_REGISTRY),), contributing=("key", "values")),
    observable(
        "x509-certificate",
        _CERTIFICATE,
        conditions=(some(*_CERTIFICATE),),
        contributing=("hashes", "serial_number"),
    ),
)
