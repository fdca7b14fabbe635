"""The certificates and CRLs of the matrix of broken servers: a root, an issuing CA below it, and below that everything that is
right or wrong in one way."""

import dataclasses
import functools
import shutil

from harness.pki import Credential, ForeignCA, make_key, openssl


class BrokenPki:
    """`client(name)`, `server(name)`: made when they are first asked for. `trust`: the file with the root; `crl(name)`: a file."""

    def __init__(self, folder):
        self.folder = folder
        self.root = ForeignCA(folder, "Root")
        self.issuing = ForeignCA(folder, "Issuing", issuer=self.root, path_length=0)
        self.other = ForeignCA(folder, "Other Root")
        self.trust = self.root.cert

    @functools.cache  # noqa: B019  one for a whole run
    def client(self, name):
        make = {
            "good": lambda: self.issuing.issue("alice"),
            "foreign": lambda: ForeignCA(self.folder, "Other Issuing", issuer=self.other).issue("alice"),
            "same name": self._client_of_the_same_name,
            "expired": lambda: self.issuing.issue("expired", subject="/CN=alice", days=(-9, -2)),
            "not yet valid": lambda: self.issuing.issue("early", subject="/CN=alice", days=(2, 9)),
            "serverAuth": lambda: self.issuing.issue("server-auth", subject="/CN=alice", eku="serverAuth"),
            "incomplete": lambda: alone(self.client("good")),
            "revoked": self._revoked,
            "other key": lambda: dataclasses.replace(self.client("good"), key=make_key(self.folder / "other.key")),
            "RSA-1024": lambda: self.issuing.issue("rsa1024", subject="/CN=alice", key_type="rsa1024"),
            "SHA-1": lambda: self.issuing.issue("sha1", subject="/CN=alice", digest="sha1"),
        }
        return None if name == "none" else make[name]()

    @functools.cache  # noqa: B019
    def server(self, name):
        make = {
            "good": self.issuing.server,
            "expired": lambda: self.issuing.server("expired-server", days=(-9, -2)),
            "other name": lambda: self.issuing.server("other.example", names="DNS:other.example"),
            "incomplete": lambda: alone(self.server("good")),
            "wrong order": self._wrong_order,
            "self-signed": self._self_signed,
            "clientAuth": lambda: self.issuing.issue("client-auth", names="DNS:localhost,IP:127.0.0.1"),
            "RSA-1024": lambda: self.issuing.server("weak-key", key_type="rsa1024"),
            "SHA-1": lambda: self.issuing.server("weak-signature", digest="sha1"),
            "RSA": lambda: self.issuing.server("rsa", key_type="rsa2048"),
        }
        return make[name]()

    @functools.cache  # noqa: B019
    def crl(self, name):
        """CRLs of both CAs: some servers ask for one of each CA in the path. "fresh" lists the revoked client, "stale" has ended."""
        self.client("revoked")
        path = self.folder / f"{name}.crl.pem"
        version_2 = ["-crlexts", "crl_version_2"]
        issuing = self.issuing.crl(24 if name == "fresh" else -1, version_2).read_text()
        path.write_text(issuing + self.root.crl(options=version_2).read_text())
        return path

    def _client_of_the_same_name(self):
        """Root and issuing CA have the names of ours and other keys."""
        root = ForeignCA(self.folder / "same", self.root.name)
        return ForeignCA(self.folder / "same", self.issuing.name, issuer=root, path_length=0).issue("alice")

    def _revoked(self):
        revoked = self.issuing.issue("revoked", subject="/CN=alice")
        self.issuing.revoke(revoked)
        return revoked

    def _wrong_order(self):
        """The leaf, then the root, then the issuing CA."""
        good, chain = self.server("good"), self.folder / "wrong-order.pem"
        chain.write_text(good.cert.read_text() + self.root.cert.read_text() + self.issuing.cert.read_text())
        return dataclasses.replace(good, chain=chain)

    def _self_signed(self):
        key, cert = make_key(self.folder / "self.key"), self.folder / "self.crt"
        extensions = ["subjectAltName=DNS:localhost,IP:127.0.0.1", "extendedKeyUsage=serverAuth", "basicConstraints=critical,CA:FALSE"]
        more = [word for extension in extensions for word in ("-addext", extension)]
        openssl("req", "-x509", "-key", key, "-subj", "/CN=localhost", "-days", "9", "-out", cert, *more)
        return Credential(cert, key, cert)


def alone(credential):
    """Without the intermediates."""
    cert = credential.cert.with_suffix(".alone.pem")
    shutil.copy(credential.cert, cert)
    return dataclasses.replace(credential, chain=cert)
