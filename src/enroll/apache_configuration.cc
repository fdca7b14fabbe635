#include <fmt/format.h>

#include "enroll/server_templates.h"

namespace symbolon::enroll {
namespace {

std::string content_of(const ServerExport& options) {
  if (!options.backend.empty()) {
    return fmt::format(R"(
    ProxyPass        "/" "http://{0}/"
    ProxyPassReverse "/" "http://{0}/"
)",
                       options.backend);
  }
  return fmt::format(R"(
    DocumentRoot "{0}"
    <Directory "{0}">
        Require all granted
    </Directory>
)",
                     options.document_root.empty() ? "/var/www/html" : options.document_root);
}

}  // namespace

std::string apache_configuration(const ServerExport& options, const ListenAddress& listen) {
  const std::string address = listen.address.empty() ? listen.port : listen.address + ":" + listen.port;
  // Debian's ports.conf listens on 443 as soon as mod_ssl is on; a second time would be an error.
  const std::string listen_line =
      listen.port == "443" ? "# Listen 443   (Debian's ports.conf has it)" : "Listen " + address;
  return fmt::format(
      R"(# Apache, mutual TLS for {name}. On Debian:
#   save as /etc/apache2/sites-available/{name}.conf
#   a2enmod ssl headers{modules}
#   a2ensite {name} && apachectl configtest && systemctl reload apache2

{listen_line}

# No resumption for any site of this server: a resumed session lives on after the client's certificate has expired or
# was revoked.
SSLSessionCache none

<VirtualHost {virtual_host}>
    ServerName {name}

    SSLEngine on
    # The server's own certificate: leaf first, then the intermediates, so that clients need only the root.
    SSLCertificateFile    "{certificate}"
    SSLCertificateKeyFile "{key}"

    # Who gets in: clients whose certificate one of these CAs issued. Nobody else finishes the handshake.
    # (Here, not in a <Location>: there it would need renegotiation, which TLS 1.3 and HTTP/2 do not have.)
    SSLCACertificateFile  "{client_ca}"
    SSLVerifyClient       require
    # Apache counts the root too: {depth} intermediate(s) at most.
    SSLVerifyDepth        {apache_depth}

    SSLProtocol           -all +TLSv1.2 +TLSv1.3
    SSLCipherSuite        ECDHE+AESGCM:ECDHE+CHACHA20
    SSLHonorCipherOrder   on
    # Tickets would outlive the certificate, see SSLSessionCache above.
    SSLSessionTickets     off

    # Revocation: Apache reads CRLs only when it is reloaded, and a stale one locks every client out.
    # SSLCARevocationCheck chain
    # SSLCARevocationFile  "/path/of/crl.pem"

    # Who it is: REMOTE_USER and the log say the certificate's common name. What a client sends in these headers is
    # removed first, in both spellings: many applications read "_" and "-" as the same.
    SSLUserName SSL_CLIENT_S_DN_CN
    RequestHeader unset Client-Subject
    RequestHeader unset Client_Subject
    RequestHeader unset Client-Issuer
    RequestHeader unset Client_Issuer
    RequestHeader unset Client-Serial
    RequestHeader unset Client_Serial
    RequestHeader set Client-Subject "%{{SSL_CLIENT_S_DN}}s"
    RequestHeader set Client-Issuer  "%{{SSL_CLIENT_I_DN}}s"
    RequestHeader set Client-Serial  "%{{SSL_CLIENT_M_SERIAL}}s"

    # At info, mod_ssl says why it refused a certificate.
    LogLevel warn ssl:info
{content}</VirtualHost>
)",
      fmt::arg("name", options.server_name), fmt::arg("modules", options.backend.empty() ? "" : " proxy proxy_http"),
      fmt::arg("listen_line", listen_line),
      fmt::arg("virtual_host", (listen.address.empty() ? "*" : listen.address) + ":" + listen.port),
      fmt::arg("certificate", options.certificate), fmt::arg("key", options.key),
      fmt::arg("client_ca", options.client_ca), fmt::arg("depth", options.depth),
      fmt::arg("apache_depth", options.depth + 1), fmt::arg("content", content_of(options)));
}

}  // namespace symbolon::enroll
