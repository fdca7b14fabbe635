#include <fmt/format.h>

#include "enroll/server_templates.h"

namespace symbolon::enroll {
namespace {

std::string content_of(const ServerExport& options) {
  if (options.backend.empty()) {
    return fmt::format("        root \"{}\";\n",
                       options.document_root.empty() ? "/var/www/html" : options.document_root);
  }
  return fmt::format(R"(        proxy_pass "http://{}";
        proxy_set_header Host $host;
        # Who it is. proxy_set_header replaces what a client sent under these names; spellings with "_" nginx drops by
        # itself (underscores_in_headers is off unless you switch it on).
        proxy_set_header Client-Subject $ssl_client_s_dn;
        proxy_set_header Client-Issuer  $ssl_client_i_dn;
        proxy_set_header Client-Serial  $ssl_client_serial;
)",
                     options.backend);
}

}  // namespace

std::string nginx_configuration(const ServerExport& options, const ListenAddress& listen) {
  return fmt::format(
      R"(# nginx, mutual TLS for {name}. Save as /etc/nginx/conf.d/{name}.conf, then: nginx -t && nginx -s reload

server {{
    listen {listen} ssl;
    server_name {name};

    # The server's own certificate: leaf first, then the intermediates.
    ssl_certificate     "{certificate}";
    ssl_certificate_key "{key}";

    # Who gets in. nginx finishes the handshake with anybody and refuses in HTTP (400), so a client sees no alert.
    ssl_client_certificate "{client_ca}";
    ssl_verify_client on;
    # Intermediates at most.
    ssl_verify_depth {depth};

    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    ssl_prefer_server_ciphers on;
    # No resumption: a resumed session lives on after the client's certificate has expired or was revoked.
    ssl_session_cache off;
    ssl_session_tickets off;

    # Revocation: nginx reads CRLs only when it is reloaded, wants one of every CA of the chain, and a stale one locks
    # every client out.
    # ssl_crl /path/of/crl.pem;

    location / {{
{content}    }}
}}
)",
      fmt::arg("name", options.server_name),
      fmt::arg("listen", listen.address.empty() ? listen.port : listen.address + ":" + listen.port),
      fmt::arg("certificate", options.certificate), fmt::arg("key", options.key),
      fmt::arg("client_ca", options.client_ca), fmt::arg("depth", options.depth),
      fmt::arg("content", content_of(options)));
}

}  // namespace symbolon::enroll
