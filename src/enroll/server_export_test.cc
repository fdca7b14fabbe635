// Every printed configuration is read by the real server; Apache's also serves a client.
#include "enroll/server_export.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::enroll {
namespace {

using x509::testing::Folder;
using x509::testing::must;
using x509::testing::run;

// CA -> server and client, by the openssl command line, in one folder that www-data may enter.
struct Site {
  Folder folder;
  Site() {
    const std::string key = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 ";
    const auto files = [&](const std::string& name) {
      return "-keyout " + folder / (name + ".key") + " -out " + folder / (name + ".crt") + " ";
    };
    const std::string signer =
        "-CA " + folder / "ca.crt" + " -CAkey " + folder / "ca.key" + " -addext basicConstraints=critical,CA:FALSE ";
    must(key + files("ca") + "-subj /CN=CA");
    must(key + files("server") + signer + "-subj /CN=app.example -addext subjectAltName=DNS:app.example");
    must(key + files("client") + signer + "-subj /CN=alice -addext extendedKeyUsage=clientAuth");
    std::filesystem::create_directory(folder / "www");
    folder.put("www/index.html", "hello\n");
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  }
  ServerExport options() const {
    return {.server_name = "app.example",
            .certificate = folder / "server.crt",
            .key = folder / "server.key",
            .client_ca = folder / "ca.crt"};
  }
};

const Site& site() {
  static const Site site;
  return site;
}

std::string exported(ServerSoftware software, const ServerExport& options) {
  auto text = export_server(software, options);
  EXPECT_TRUE(text) << text.error().text();
  return text ? *text : std::string();
}

std::string free_port() {
  std::string port = must(
      "python3 -c 'import socket; s=socket.socket(); s.bind((\"127.0.0.1\",0)); "
      "print(s.getsockname()[1])'");
  port.pop_back();
  return port;
}

// What Debian's apache2.conf has set up before it reads a site.
std::string apache_surroundings() {
  std::string text = "ServerRoot " + site().folder.path().string() +
                     "\nPidFile httpd.pid\nErrorLog error.log\nServerName localhost\nUser www-data\nGroup www-data\n"
                     "DirectoryIndex index.html\nTypesConfig /dev/null\n";
  for (const char* name :
       {"mpm_event", "authz_core", "dir", "mime", "headers", "proxy", "proxy_http", "socache_shmcb", "ssl"}) {
    text += fmt::format("LoadModule {0}_module /usr/lib/apache2/modules/mod_{0}.so\n", name);
  }
  return text;
}

TEST(ServerExport, ApacheReadsIt) {
  ServerExport options = site().options();
  options.document_root = site().folder / "www";
  std::string text = exported(ServerSoftware::apache, options);
  must("apache2 -t -f " + site().folder.put("httpd.conf", apache_surroundings() + text));
  options.document_root.clear();
  options.backend = "127.0.0.1:3000";
  options.listen = "[::1]:9443";
  text = exported(ServerSoftware::apache, options);
  must("apache2 -t -f " + site().folder.put("httpd.conf", apache_surroundings() + text));
}

TEST(ServerExport, ApacheAdmitsTheRightClientAndRefusesTheRest) {
  ServerExport options = site().options();
  const std::string port = free_port();
  options.document_root = site().folder / "www";
  options.listen = "127.0.0.1:" + port;
  const std::string config =
      site().folder.put("httpd.conf", apache_surroundings() + exported(ServerSoftware::apache, options));
  const std::string curl = "curl -sS --noproxy '*' --max-time 20 --cacert " + site().folder / "ca.crt" +
                           " --resolve app.example:" + port + ":127.0.0.1 https://app.example:" + port + "/ ";
  const std::string identity = "--cert " + site().folder / "client.crt" + " --key " + site().folder / "client.key";
  const auto outcome =
      run("bash -c '\n"
          "apache2 -f " +
          config +
          " -D FOREGROUND & server=$!\n"
          "until (exec 3<>/dev/tcp/127.0.0.1/" +
          port + ") 2>/dev/null; do kill -0 $server || exit 9; done\n" + curl + identity + "; echo with=$?\n" + curl +
          "; echo without=$?\nkill $server; wait $server\n'");
  EXPECT_TRUE(outcome.holds("hello\nwith=0")) << outcome.output;
  EXPECT_TRUE(outcome.holds("without=56")) << outcome.output;  // curl: the alert came while reading
}

TEST(ServerExport, NginxReadsIt) {
  const auto test = [](const ServerExport& options) {
    std::string around =
        "events {}\npid " + site().folder / "nginx.pid" + ";\nerror_log stderr;\nhttp {\naccess_log off;\n";
    // nginx makes these when it tests a configuration, and by itself where only root may.
    for (const std::string kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      around += kind + "_temp_path " + site().folder / kind + ";\n";
    must("nginx -t -c " + site().folder.put("nginx.conf", around + exported(ServerSoftware::nginx, options) + "\n}\n"));
  };
  ServerExport options = site().options();
  test(options);
  options.backend = "127.0.0.1:3000";
  options.listen = "127.0.0.1:9443";
  test(options);
}

TEST(ServerExport, HaproxyReadsIt) {
  ServerExport options = site().options();
  options.backend = "127.0.0.1:3000";
  must("haproxy -c -f " + site().folder.put("haproxy.cfg", exported(ServerSoftware::haproxy, options)));
}

TEST(ServerExport, HaproxyIsToldToPutAForeignPairIntoOneFile) {
  ServerExport options = site().options();
  options.backend = "127.0.0.1:3000";
  options.key = "/etc/keys/other.pem";
  EXPECT_NE(exported(ServerSoftware::haproxy, options).find("cat "), std::string::npos);
}

TEST(ServerExport, ApachesDepthIsOneMoreThanOurs) {
  ServerExport options = site().options();
  options.depth = 2;
  const std::string apache = exported(ServerSoftware::apache, options);
  EXPECT_NE(apache.find("SSLVerifyDepth        3\n"), std::string::npos) << apache;
  EXPECT_NE(exported(ServerSoftware::nginx, options).find("ssl_verify_depth 2;"), std::string::npos);
}

TEST(ServerExport, InboundIdentityHeadersAreRemovedBeforeOursAreSet) {
  ServerExport options = site().options();
  options.backend = "127.0.0.1:3000";
  const std::string apache = exported(ServerSoftware::apache, options);
  for (const char* name : {"Subject", "Issuer", "Serial"}) {
    const std::size_t set = apache.find(fmt::format(" set Client-{}", name));
    ASSERT_NE(set, std::string::npos);
    EXPECT_LT(apache.find(fmt::format("unset Client-{}", name)), set);
    EXPECT_LT(apache.find(fmt::format("unset Client_{}", name)), set);
  }
  const std::string haproxy = exported(ServerSoftware::haproxy, options);
  EXPECT_LT(haproxy.find("del-header"), haproxy.find("set-header"));
}

TEST(ServerExport, NothingThatAConfigurationCouldMisreadGetsIn) {
  const auto refused = [](auto change) {
    ServerExport options = site().options();
    change(options);
    const auto text = export_server(ServerSoftware::apache, options);
    return !text && (text.error().code == Code::bad_request || text.error().code == Code::name_malformed);
  };
  EXPECT_TRUE(refused([](ServerExport& o) { o.server_name = "a.example\nSSLVerifyClient none"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.certificate = "/x\"\nSSLVerifyClient none\n#"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.client_ca = "relative.crt"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.key = ""; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.key = "/${ENV}/key"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.document_root = "/a b"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.backend = "127.0.0.1"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.listen = "127.0.0.1"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.listen = "127.0.0.1:0"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.listen = "host;x:1"; }));
  EXPECT_TRUE(refused([](ServerExport& o) { o.depth = -1; }));
  EXPECT_FALSE(refused([](ServerExport&) {}));
}

TEST(ServerExport, HaproxyNeedsABackend) {
  const auto text = export_server(ServerSoftware::haproxy, site().options());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::bad_request);
}

}  // namespace
}  // namespace symbolon::enroll
