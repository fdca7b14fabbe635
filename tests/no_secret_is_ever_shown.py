"""Whatever is wrong with a file that holds a key, no word of ours repeats what stands in it."""

import base64
import re

import pytest

from harness.pki import make_key


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "alice.key")


def secrets_of(key):
    """Pieces of the key's base64: none of them may appear anywhere."""
    body = "".join(line for line in key.read_text().splitlines() if "-----" not in line)
    return [body[i : i + 16] for i in range(0, len(body) - 16, 8)]


def broken(text, how):
    if how == "line breaks lost":
        return text.replace("\n", "")
    if how == "no end":
        return text.partition("-----END")[0]
    if how == "another end":
        return text.replace("-----END PRIVATE KEY-----", "-----END CERTIFICATE-----")
    if how == "end on the last line":
        return re.sub(r"\n-----END", "-----END", text)
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "how", ["line breaks lost", "no end", "another end", "end on the last line", "encoded once more"]
)
def test_a_broken_key_file(symbolon, foreign, key, tmp_path, how):
    symbolon.init()
    path = tmp_path / "broken.pem"
    path.write_text(broken(key.read_text(), how))
    path.chmod(0o600)
    alice = foreign.issue("someone")
    config = symbolon.configure(
        [
            {
                "name": "web",
                "listen": "127.0.0.1:0",
                "to": "127.0.0.1:9",
                "certificate": {"cert": str(alice.cert), "key": str(path)},
                "clients": {"trust": [str(path)], "allow": "any_verified"},
            }
        ]
    )
    for command in (
        ["verify", path, "--ca", path],
        ["verify", alice.cert, "--ca", path],
        ["sign", path, "--profile", "device"],
        ["check", "127.0.0.1:9", "--cert", alice.cert, "--key", path],
        ["config", "check", "--config", config],
        ["run", "--config", config],
    ):
        outcome = symbolon(*command)
        assert outcome.status != 0 or command[0] == "config", outcome
        for piece in secrets_of(key):
            assert piece not in outcome.output, f"{command}: {outcome}"
