"""A site on loopback, with TLS or without: pages by path, and a note of everything that was asked."""

import mimetypes
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CHUNK = b"x" * 65536


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        site = self.server.site
        site.asked.append((self.path, dict(self.headers)))
        page = site.pages.get(parts.path)
        if page is None:
            page = (404, {}, b"no such page")
        elif callable(page):
            page = page({key: one[-1] for key, one in parse_qs(parts.query).items()}, self.headers)
        elif isinstance(page, bytes):
            kind = mimetypes.guess_type(parts.path)[0]
            page = (200, {"Content-Type": kind} if kind else {}, page)
        status, headers, body = page
        tag = headers.get("ETag")
        if tag and self.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        self.send_response(status)
        if body is None:  # without end
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError, ssl.SSLError):
            if body is not None:
                self.wfile.write(body)
            else:
                self.close_connection = True
                while not site.closed:
                    self.wfile.write(CHUNK)


class Site:
    """`pages`: path to bytes, to (status, headers, body; None: without end), or to a function of (query, headers)."""

    def __init__(self, server, scheme):
        self.pages, self.asked, self.closed = {}, [], False
        self.inner = f"127.0.0.1:{server.server_port}"
        self.url = f"{scheme}://{self.inner}"

    def paths(self):
        """What was asked for, without robots.txt."""
        return [path for path, _ in self.asked if path != "/robots.txt"]


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Children that go away in the middle are part of the tests."""


@contextmanager
def opened(certificate=None):
    """A running site; with (certificate file, key file) over TLS."""
    server = _Quiet(("127.0.0.1", 0), _Handler)
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site = server.site = Site(server, "https" if certificate else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closed = True
        server.shutdown()
        server.server_close()
        thread.join()


def authority(folder):
    """(file of an authority's certificate, (certificate file, key file) for 127.0.0.1 that it signed)."""
    now = datetime.now(UTC)
    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "House authority")])
    made = []
    for key, subject, is_root in ((root, name, True), (leaf, x509.Name([]), False)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        )
        if is_root:
            builder = builder.add_extension(
                x509.KeyUsage(True, False, False, False, False, True, True, False, False), critical=True
            ).add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
        else:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True
            ).add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        made.append(builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    paths = [folder / one for one in ("authority.pem", "site.pem", "site.key")]
    private = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for path, data in zip(paths, (*made, private), strict=True):
        path.write_bytes(data)
    return str(paths[0]), (str(paths[1]), str(paths[2]))
