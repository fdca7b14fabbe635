// For tests: a blocking client of bare OpenSSL calls.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "gateway/testing/running_gateway.h"

namespace symbolon::gateway::testing {

inline int connect_to(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  timeval patience{.tv_sec = 20, .tv_usec = 0};  // a test that hangs shall fail
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  return descriptor;
}

using ForeignContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

struct Visitor {
  std::string name = "alice";  // of pki(); empty: without a certificate
  std::string server_name = "a.example";
  int version = TLS1_3_VERSION;
};

class TlsClient {
 public:
  TlsClient(std::uint16_t port, const Visitor& visitor) : TlsClient(Connected{connect_to(port)}, visitor) {}
  // Does the handshake on a connection that stands already; owns the descriptor.
  struct Connected {
    int descriptor;
  };
  TlsClient(Connected connected, const Visitor& visitor)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), descriptor_(connected.descriptor) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), visitor.version);
    SSL_CTX_set_max_proto_version(context_.get(), visitor.version);
    if (!visitor.name.empty()) {
      const Folder& folder = pki().folder;
      EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context_.get(), (folder / (visitor.name + ".chain")).c_str()), 1);
      EXPECT_EQ(
          SSL_CTX_use_PrivateKey_file(context_.get(), (folder / (visitor.name + ".key")).c_str(), SSL_FILETYPE_PEM), 1);
    }
    ERR_clear_error();
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), descriptor_);
    if (!visitor.server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), visitor.server_name.c_str());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient() {
    ssl_.reset();
    ::close(descriptor_);
    ERR_clear_error();
  }

  bool connected() const { return connected_; }
  bool write(std::string_view text) {
    std::size_t done = 0;
    while (done < text.size()) {
      const int n = SSL_write(ssl_.get(), text.data() + done,
                              static_cast<int>(std::min<std::size_t>(text.size() - done, 1 << 20)));
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }
  // At least one octet, or empty at the end.
  std::string read_some() {
    std::string out(65536, '\0');
    const int n = SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  std::string read(std::size_t size) {
    std::string out;
    while (out.size() < size) {
      const std::string more = read_some();
      if (more.empty()) break;
      out += more;
    }
    return out;
  }
  bool closed_orderly() { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  void shut_down() { SSL_shutdown(ssl_.get()); }
  // The alert that the gateway sent, as the library reports it; -1: none.
  static int alert() {
    const int reason = ERR_GET_REASON(ERR_peek_error());
    return reason > SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : -1;
  }
  int descriptor() const { return descriptor_; }
  SSL* native() { return ssl_.get(); }

 private:
  ForeignContext context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  int descriptor_ = -1;
  bool connected_ = false;
};

}  // namespace symbolon::gateway::testing
