#include <fmt/format.h>

#include "enroll/server_templates.h"

namespace symbolon::enroll {
namespace {

// HAProxy finds NAME.key beside NAME.crt by itself; other pairs must be put in one file.
bool stands_beside(const std::string& key, const std::string& certificate) {
  const std::size_t dot = certificate.rfind('.');
  return dot != std::string::npos && certificate.ends_with(".crt") && key == certificate.substr(0, dot) + ".key";
}

}  // namespace

std::string haproxy_configuration(const ServerExport& options, const ListenAddress& listen) {
  const bool beside = stands_beside(options.key, options.certificate);
  const std::string bundle = "/etc/haproxy/" + options.server_name + ".pem";
  const std::string preparation = beside ? std::string()
                                         : fmt::format(
                                               "#   HAProxy wants certificate and key in one file:\n"
                                               "#   (umask 077; cat {} {} > {})\n",
                                               options.certificate, options.key, bundle);
  return fmt::format(
      R"(# HAProxy, mutual TLS for {name}. Add to /etc/haproxy/haproxy.cfg, then: haproxy -c -f /etc/haproxy/haproxy.cfg
{preparation}
global
    # The key of NAME.crt is looked for in NAME.key.
    ssl-load-extra-del-ext
    ssl-load-extra-files key
    # No resumption: a resumed session lives on after the client's certificate has expired or was revoked.
    tune.ssl.cachesize 0

frontend {frontend}
    mode http
    timeout client 60s
    # Who gets in: clients whose certificate a CA of ca-file issued; nobody else finishes the handshake. HAProxy has no
    # setting for the depth: {depth} intermediate(s) cannot be enforced here, the CA's pathLenConstraint has to.
    bind {listen} ssl crt {certificate} ca-file {client_ca} verify required ssl-min-ver TLSv1.2 no-tls-tickets ciphers ECDHE+AESGCM:ECDHE+CHACHA20
    # Revocation: crl-file /path/of/crl.pem (read at reload only; a stale one locks every client out).

    # Who it is. What a client sends in these headers is removed first, in every spelling.
    http-request del-header ^client[-_](subject|issuer|serial)$ -m reg
    http-request set-header Client-Subject %[ssl_c_s_dn(,0,rfc2253)]
    http-request set-header Client-Issuer  %[ssl_c_i_dn(,0,rfc2253)]
    http-request set-header Client-Serial  %[ssl_c_serial,hex]
    default_backend {frontend}_service

backend {frontend}_service
    mode http
    timeout connect 5s
    timeout server 60s
    server service {backend}
)",
      fmt::arg("name", options.server_name), fmt::arg("preparation", preparation),
      fmt::arg("frontend", "mutual_tls_" + options.server_name), fmt::arg("depth", options.depth),
      fmt::arg("listen", (listen.address.empty() ? "" : listen.address) + ":" + listen.port),
      fmt::arg("certificate", beside ? options.certificate : bundle), fmt::arg("client_ca", options.client_ca),
      fmt::arg("backend", options.backend));
}

}  // namespace symbolon::enroll
