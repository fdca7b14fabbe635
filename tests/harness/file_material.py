"""Files of openssl's for tests of `symbolon check FILE...`. Tests import the fixtures `pki` and `look`."""

import json

import pytest

from harness.pki import ForeignCA, openssl

PASSWORD = "correct horse"
ENCRYPTED = {
    "PBES2": ("pkcs8", "-topk8", "-v2", "aes-256-cbc"),
    "scrypt": ("pkcs8", "-topk8", "-scrypt"),
    "3DES": ("pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"),
    "traditional": ("rsa", "-traditional", "-aes128"),
}
P12 = {
    "modern": (),
    "3DES": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
    "RC2 of old Windows": ("-legacy",),
}


class Material:
    """A root, an issuing CA, leaves below it; every file of them is openssl's."""

    def __init__(self, folder):
        self.folder = folder
        self.root = ForeignCA(folder, "Root")
        self.issuing = ForeignCA(folder, "Issuing", issuer=self.root, path_length=0)
        self.server = self.issuing.server("web", names="DNS:web.example,IP:192.0.2.7")
        self.client = self.issuing.issue("ann")
        self.gone = self.issuing.issue("gone")
        self.issuing.revoke(self.gone)
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSWORD + "\n")
        self.passphrase.chmod(0o600)
        self.wrong = folder / "wrong"
        self.wrong.write_text("battery staple\n")
        self.wrong.chmod(0o600)

    def file(self, name, content=b""):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
        return path

    def made(self, name, *command):
        """By openssl, with -out behind."""
        path = self.folder / name
        openssl(*command, "-out", path)
        path.chmod(0o600)
        return path

    def p12(self, name, *options, credential=None, password=PASSWORD):
        credential = credential or self.client
        return self.made(name, "pkcs12", "-export", "-in", credential.cert, "-inkey", credential.key, "-certfile", self.issuing.cert, "-name", "ann",
                         "-passout", f"pass:{password}", *options)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Material(tmp_path_factory.mktemp("files"))


@pytest.fixture
def look(symbolon):
    """look(file..., option...): the report, whose `exit` is the status."""

    def explain(*arguments, **options):
        outcome = symbolon("check", "--json", *arguments, **options)
        report = json.loads(outcome.stdout)
        assert report["exit"] == outcome.status, outcome
        for finding in report["findings"]:
            assert finding["words"] and finding["remedy"] and finding["where"], finding
        return report

    return explain


def codes(report):
    return [finding["code"] for finding in report["findings"]]


def kinds(report):
    return [one["kind"] for one in report["objects"]]

