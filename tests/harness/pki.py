"""A foreign CA: everything is made by the openssl command line, nothing by the code under test.

`openssl ca` is used throughout, because it alone can date certificates into the past and the future.
"""

import dataclasses
import pathlib
import re
import subprocess
import time

KEY_ARGUMENTS = {
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["-algorithm", "ED25519"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}

CONFIGURATION = """
[ca]
default_ca = this
[this]
dir = {dir}
database = {dir}/index.txt
new_certs_dir = {dir}
rand_serial = yes
default_md = {digest}
policy = anything
unique_subject = no
copy_extensions = none
[anything]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
emailAddress = optional
[crl_version_2]
authorityKeyIdentifier = keyid
"""


def openssl(*arguments, **options):
    """The openssl command line; raises with its words when it fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, **options)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def make_key(path, key_type="p256"):
    openssl("genpkey", *KEY_ARGUMENTS[key_type], "-out", path)
    path.chmod(0o600)
    return path


def make_request(key, path, subject="/CN=request", names="", digest="sha256"):
    """A PKCS#10 request; names in openssl's form: "DNS:a.example,URI:spiffe://td/a"."""
    extra = ["-addext", f"subjectAltName={names}"] if names else []
    openssl("req", "-new", "-key", key, "-subj", subject, f"-{digest}", "-out", path, *extra)
    return path


@dataclasses.dataclass(frozen=True)
class Credential:
    """A certificate (PEM, with the intermediates behind it in `chain`) and its key, as files."""

    cert: pathlib.Path
    key: pathlib.Path
    chain: pathlib.Path

    @property
    def serial(self):
        return openssl("x509", "-in", self.cert, "-noout", "-serial").strip().partition("=")[2].lower()

    @property
    def fingerprint(self):
        text = openssl("x509", "-in", self.cert, "-noout", "-fingerprint", "-sha256")
        return text.strip().partition("=")[2].replace(":", "").lower()


class ForeignCA:
    """A root, or with `issuer` an intermediate CA."""

    def __init__(
        self,
        folder,
        name="Foreign Root",
        issuer=None,
        path_length=None,
        days=(-1, 3650),
        extensions=None,
        key_type="p256",
    ):
        self.folder = pathlib.Path(folder) / re.sub(r"\W+", "-", name.lower())
        self.folder.mkdir(parents=True)
        self.name, self.issuer = name, issuer
        (self.folder / "index.txt").touch()
        self.key = make_key(self.folder / "ca.key", key_type)
        if extensions is None:
            limit = "" if path_length is None else f", pathlen:{path_length}"
            extensions = [
                f"basicConstraints = critical, CA:TRUE{limit}",
                "keyUsage = critical, keyCertSign, cRLSign",
                "subjectKeyIdentifier = hash",
                "authorityKeyIdentifier = keyid",
            ]
        self.cert = self.folder / "ca.crt"
        (issuer or self)._sign(self.key, f"/O={name}/CN={name}", self.cert, days, extensions, selfsigned=issuer is None)
        self.chain_texts = [] if issuer is None else [self.cert.read_text(), *issuer.chain_texts]

    @property
    def root(self):
        return self if self.issuer is None else self.issuer.root

    def issue(
        self,
        name,
        eku="clientAuth",
        names="",
        subject=None,
        days=(-1, 30),
        key_type="p256",
        extensions=None,
        digest="sha256",
        key=None,
        ocsp=None,
    ):
        """A leaf. `days` are counted from now: (-2, -1) has expired, (1, 2) is not yet valid. `ocsp`: the URL of a responder.
        `extensions` replaces all of them."""
        base = self.folder / re.sub(r"[^\w.@-]+", "-", name)
        key = key or make_key(base.with_name(base.name + ".key"), key_type)
        if extensions is None:
            extensions = [
                "basicConstraints = critical, CA:FALSE",
                "keyUsage = critical, digitalSignature",
                "subjectKeyIdentifier = hash",
                "authorityKeyIdentifier = keyid",
            ]
            extensions += [f"extendedKeyUsage = {eku}"] if eku else []
            extensions += [f"subjectAltName = {names}"] if names else []
            extensions += [f"authorityInfoAccess = OCSP;URI:{ocsp}"] if ocsp else []
        cert = base.with_name(base.name + ".crt")
        self._sign(key, subject or f"/CN={name}", cert, days, extensions, digest=digest)
        chain = base.with_name(base.name + ".chain.pem")
        chain.write_text("".join([cert.read_text(), *self.chain_texts]))
        return Credential(cert, key, chain)

    def server(self, name="localhost", names="DNS:localhost,IP:127.0.0.1", **options):
        return self.issue(name, eku="serverAuth", names=names, **options)

    def revoke(self, credential):
        self._ca("-revoke", credential.cert)

    def crl(self, hours=24, options=()):
        """A CRL of what was revoked; negative hours: it ended long ago. Options go to `openssl ca`."""
        path = self.folder / "crl.pem"
        end = (
            ["-crlhours", hours]
            if hours > 0
            else ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"]
        )
        self._ca("-gencrl", *end, *options, "-out", path)
        return path

    def numbered_crl(self, number, base=None):
        """A CRL of what was revoked with this cRLNumber, as a delta to `base`: the PEM."""
        counter, config, out = (self.folder / name for name in ("crlnumber", "numbered.cnf", "numbered.pem"))
        counter.write_text(f"{number:04x}\n")
        indicator = "" if base is None else f"deltaCRL = critical, DER:02:01:{base:02x}\n"
        own = CONFIGURATION.format(dir=self.folder, digest="sha256").replace("[anything]", f"crlnumber = {counter}\n[anything]")
        config.write_text(f"{own}[crl]\nauthorityKeyIdentifier = keyid\n{indicator}")
        openssl("ca", "-config", config, "-cert", self.cert, "-keyfile", self.key, "-gencrl", "-crlhours", 24, "-crlexts", "crl", "-out", out)
        return out.read_bytes()

    def _ca(self, *arguments):
        config = self.folder / "crl.cnf"
        config.write_text(CONFIGURATION.format(dir=self.folder, digest="sha256"))
        openssl("ca", "-config", config, "-cert", self.cert, "-keyfile", self.key, *arguments)

    def _sign(self, key, subject, out, days, extensions, selfsigned=False, digest="sha256"):
        request, extension_file, config = (out.with_suffix(s) for s in (".csr", ".ext", ".cnf"))
        make_request(key, request, subject)
        extension_file.write_text("\n".join(["[all]", *extensions, ""]))
        config.write_text(CONFIGURATION.format(dir=self.folder, digest=digest))
        begin, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + d * 86400)) for d in days)
        signer = ["-selfsign"] if selfsigned else ["-cert", self.cert]
        openssl(
            "ca",
            "-batch",
            "-notext",
            "-config",
            config,
            *signer,
            "-keyfile",
            self.key,
            "-in",
            request,
            "-out",
            out,
            "-startdate",
            begin,
            "-enddate",
            end,
            "-extensions",
            "all",
            "-extfile",
            extension_file,
        )
