"""Apache httpd from Debian as a process of its own, with a ServerRoot in the test's folder."""

import contextlib
import pathlib

from harness import peers
from harness.process import PORTS, Process, let_others_in, run

MODULES = pathlib.Path("/usr/lib/apache2/modules")
LOADED = [
    "mpm_event",
    "authz_core",
    "dir",
    "mime",
    "alias",
    "headers",
    "setenvif",
    "proxy",
    "proxy_http",
    "socache_shmcb",
    "ssl",
]

# What Debian's own apache2.conf would have set up before it includes a site.
SURROUNDINGS = """
ServerRoot "{folder}"
ServerName localhost
PidFile "{folder}/httpd.pid"
ErrorLog "{folder}/error.log"
LogLevel warn
TypesConfig /dev/null
DirectoryIndex index.html
"""


def document_root(folder, greeting="hello from apache"):
    root = pathlib.Path(folder) / "htdocs"
    root.mkdir(parents=True)
    (root / "index.html").write_text(greeting + "\n")
    let_others_in(root)  # its workers run as www-data
    return root


def apache(folder, port, site):
    """Starts Apache with `site` as the text of its only site, which must listen on the port."""
    folder = pathlib.Path(folder)
    config = folder / "httpd.conf"
    user = ["User www-data", "Group www-data"] if pathlib.Path("/proc/self").owner() == "root" else []
    config.write_text(
        "\n".join(
            [
                *(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED),
                *user,
                SURROUNDINGS.format(folder=folder),
                site,
            ]
        )
    )
    checked = run(["/usr/sbin/apache2", "-t", "-f", config])
    assert checked.status == 0, f"{checked}\n{site}"
    started = Process(["/usr/sbin/apache2", "-f", config, "-D", "FOREGROUND"])
    try:
        return started.wait_listening(port)
    except BaseException:
        started.stop()
        raise


@contextlib.contextmanager
def apache_asking(symbolon, folder, directives):
    """Apache that demands a certificate of the authority and asks by `directives` whether it is revoked; yields whether a client
    gets in, and the error log."""
    listen = PORTS.take()
    site = f"""
Listen 127.0.0.1:{listen}
DocumentRoot {document_root(folder)}
SSLEngine on
SSLCertificateFile {symbolon.server.chain}
SSLCertificateKeyFile {symbolon.server.key}
SSLCACertificateFile {symbolon.ca}
SSLVerifyClient require
SSLVerifyDepth 3
{directives}
<Directory {folder}/htdocs>
  Require all granted
</Directory>
"""
    with apache(folder, listen, site):
        yield lambda issued: peers.curl(listen, symbolon.ca, issued).status == 0, folder / "error.log"
