"""Servers that begin in the clear and change to TLS: Debian's own, each with a configuration of one's own. None of them runs as
root: where the tests do, they become `daemon` (of every Debian)."""

import contextlib
import dataclasses
import grp
import os
import pathlib
import pwd
import shutil
import tempfile

from harness.pki import ForeignCA
from harness.process import PORTS, Process, run


@dataclasses.dataclass
class House:
    """A short folder (for Unix sockets) that belongs to the user of the servers, with what they need of a CA."""

    folder: pathlib.Path
    ca: ForeignCA
    other: ForeignCA

    def __post_init__(self):
        for name, source in {"chain.pem": self.server.chain, "key.pem": self.server.key, "ca.pem": self.ca.cert}.items():
            shutil.copy(source, self.folder / name)
        (self.folder / "key.pem").chmod(0o600)
        self.give()

    @property
    def server(self):
        if not hasattr(self, "_server"):
            self._server = self.ca.server()
        return self._server

    @property
    def files(self):
        return {name: self.folder / f"{name}.pem" for name in ("chain", "key", "ca")} | {"folder": self.folder}

    @property
    def become(self):
        return ["setpriv", "--reuid=daemon", "--regid=daemon", "--groups=daemon"] if os.getuid() == 0 else []

    def make(self, name):
        (self.folder / name).mkdir(mode=0o700)
        self.give()
        return self.folder / name

    def write(self, name, text, **more):
        path = self.folder / name
        path.write_text(text.format(**self.files, **more))
        self.give()
        return path

    def give(self):
        if os.getuid() != 0:
            return
        owner = pwd.getpwnam("daemon")
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def start(self, command, *ports, **options):
        """Running and listening, as a context manager."""
        process = Process([*self.become, *command], cwd=self.folder, **options)
        try:
            return process.wait_listening(*ports)
        except BaseException:
            process.stop()
            raise


@contextlib.contextmanager
def house(pki):
    """`pki`: a folder for the CAs, which are the tests' own."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="s-")))
        folder.chmod(0o755)
        yield House(folder, ForeignCA(pki), ForeignCA(pki / "other", "Other Root"))


EXIM = """
exim_path = /usr/sbin/exim4
primary_hostname = mail.example
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
exim_user = {user}
exim_group = {group}
admin_groups = {group}
local_interfaces = 127.0.0.1
keep_environment =
host_lookup =
rfc1413_hosts =
tls_advertise_hosts = {advertised}
tls_certificate = {chain}
tls_privatekey = {key}
tls_verify_certificates = {ca}
tls_try_verify_hosts = *
"""


@contextlib.contextmanager
def exim(house, advertised="*"):
    port = PORTS.take()
    own = pwd.getpwnam("daemon") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    config = house.write(f"exim{port}.conf", EXIM, port=port, advertised=advertised, user=own.pw_uid, group=own.pw_gid)
    (house.folder / "spool").mkdir(exist_ok=True)
    house.give()
    with house.start(["/usr/sbin/exim4", "-C", config, "-bdf"], port):
        yield {"smtp": port}


DOVECOT_OF_2_3 = """
ssl_cert = <{chain}
ssl_key = <{key}
ssl_ca = <{ca}
ssl_require_crl = no
ssl_verify_client_cert = yes
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
"""

DOVECOT_OF_2_4 = """dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {chain}
ssl_server_key_file = {key}
ssl_server_ca_file = {ca}
ssl_server_require_crl = no
ssl_server_request_client_cert = yes
passdb static {{
  fields {{
    nopassword = y
  }}
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}
  }}
}}
"""

DOVECOT = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = yes
auth_ssl_require_client_cert = yes
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextlib.contextmanager
def dovecot(house):
    """It demands a certificate of every client that logs in, and so asks each for one."""
    imap, pop3 = PORTS.take(), PORTS.take()
    user = pwd.getpwnam("daemon") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    group = grp.getgrgid(user.pw_gid).gr_name
    of_version = DOVECOT_OF_2_3 if run(["/usr/sbin/dovecot", "--version"]).stdout.startswith("2.3.") else DOVECOT_OF_2_4
    config = house.write("dovecot.conf", of_version + DOVECOT, imap=imap, pop3=pop3, user=user.pw_name, group=group)
    with house.start(["/usr/sbin/dovecot", "-F", "-c", config], imap, pop3):
        yield {"imap": imap, "pop3": pop3}


SLAPD = """
include /etc/ldap/schema/core.schema
pidfile {folder}/slapd.pid
TLSCertificateFile {chain}
TLSCertificateKeyFile {key}
TLSCACertificateFile {ca}
TLSVerifyClient demand
"""


@contextlib.contextmanager
def slapd(house):
    """It demands a certificate in the handshake."""
    port = PORTS.take()
    config = house.write("slapd.conf", SLAPD)
    with house.start(["/usr/sbin/slapd", "-h", f"ldap://127.0.0.1:{port}", "-f", config, "-d", "0"], port):
        yield {"ldap": port}


PROSODY = """
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
s2s_ports = {{ {s2s} }}
c2s_direct_tls_ports = {{}}
s2s_direct_tls_ports = {{}}
http_ports = {{}}
https_ports = {{}}
modules_enabled = {{ "tls", "saslauth", "s2s" }}
modules_disabled = {{ "admin_shell" }}
c2s_require_encryption = true
ssl = {{ certificate = "{chain}", key = "{key}" }}
log = {{ info = "*console" }}
VirtualHost "localhost"
"""


@contextlib.contextmanager
def prosody(house):
    c2s, s2s = PORTS.take(), PORTS.take()
    house.make("data")
    config = house.write("prosody.cfg.lua", PROSODY, c2s=c2s, s2s=s2s)
    with house.start(["/usr/bin/prosody", "--config", config, "-F"], c2s, s2s):
        yield {"xmpp": c2s, "xmpp-server": s2s}


@contextlib.contextmanager
def postgres(house, ssl="on"):
    """It asks for a certificate in the handshake and demands one when it knows who wants to which database."""
    port, data = PORTS.take(), house.make("postgres-" + ssl)
    programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    made = run([*house.become, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                "--no-sync", "--no-instructions"], cwd=house.folder)
    assert made.status == 0, made
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 cert\n")
    settings = {"ssl": ssl, "ssl_cert_file": house.files["chain"], "ssl_key_file": house.files["key"], "fsync": "off",
                "ssl_ca_file": house.files["ca"], "unix_socket_directories": house.folder, "shared_buffers": "1MB",
                "listen_addresses": "127.0.0.1"}
    told = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    with house.start([programs / "postgres", "-D", data, "-p", port, *told], port):
        yield {"postgres": port}


@contextlib.contextmanager
def mariadb(house):
    """Without tables of its own: nobody gets further than to the handshake."""
    port, data = PORTS.take(), house.make("mariadb")
    files = house.files
    command = ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
               f"--socket={house.folder}/m.sock", "--skip-grant-tables", "--skip-innodb", "--default-storage-engine=MyISAM",
               f"--pid-file={house.folder}/m.pid", f"--ssl-cert={files['chain']}", f"--ssl-key={files['key']}",
               f"--ssl-ca={files['ca']}"]
    with house.start(command, port):
        yield {"mysql": port}


VSFTPD = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
run_as_launching_user=YES
anonymous_enable=YES
local_enable=NO
allow_anon_ssl=YES
ssl_enable=YES
ssl_tlsv1=YES
rsa_cert_file={chain}
rsa_private_key_file={key}
ca_certs_file={ca}
require_cert=YES
validate_cert=YES
seccomp_sandbox=NO
secure_chroot_dir={folder}/empty
xferlog_enable=NO
vsftpd_log_file={folder}/vsftpd.log
"""


@contextlib.contextmanager
def vsftpd(house):
    """It demands a certificate in the handshake."""
    port = PORTS.take()
    house.make("empty")
    config = house.write("vsftpd.conf", VSFTPD, port=port)
    with house.start(["/usr/sbin/vsftpd", config], port):
        yield {"ftp": port}


