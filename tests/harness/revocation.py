"""What the tests of CRLs and OCSP share: fetching, reading, and asking openssl."""

import urllib.error
import urllib.request

from cryptography import x509

from harness.process import run

REVOKED = "error 23"  # X509_V_ERR_CERT_REVOKED


def fetch(url, data=None, headers=(), method=None):
    """Status, headers and body, whatever the status; without a proxy."""
    request = urllib.request.Request(url, data=data, headers=dict(headers), method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def certificate(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def serial_of(issued):
    return certificate(issued.cert).serial_number


def entry_of(crl, issued):
    """What the CRL (None: there is none yet) says of it."""
    return None if crl is None else crl.get_revoked_certificate_by_serial_number(serial_of(issued))  # an empty list is falsy


def number_of(crl):
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def openssl_verify(symbolon, issued, *crls, options=("-crl_check",)):
    """A certificate of the authority, judged by `openssl verify` with these lists."""
    lists = [word for crl in crls for word in ("-CRLfile", crl)]
    chain = ["-CAfile", symbolon.ca, "-untrusted", symbolon.state / "issuing.crt"]
    return run(["openssl", "verify", *options, *chain, *lists, issued.cert])
