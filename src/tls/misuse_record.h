// What a misusing client notes while the handshake passes.
#pragma once

#include "base/bytes.h"
#include "tls/misuse_client.h"

typedef struct ssl_st SSL;

namespace symbolon::tls {

// Listens to the library's message callback. Must outlive the SSL it is attached to.
class MisuseRecord {
 public:
  void attach(SSL* ssl);
  // A handshake message (whole, with its header) or an alert.
  void sent(int content_type, ByteView octets);
  void received(int content_type, ByteView octets);
  // From now on a CertificateRequest is the server's own idea.
  void handshake_is_over() { over_ = true; }
  void we_renegotiate() { over_ = false; }

  bool server_hello() const { return server_hello_; }
  bool fatal_alert() const { return alert_ && alert_->fatal; }
  const std::optional<MisuseAlert>& alert() const { return alert_; }
  void forget_alert() { alert_.reset(); }
  bool certificate_requested() const { return requested_; }
  bool certificate_requested_late() const { return requested_late_; }

 private:
  bool server_hello_ = false;
  bool finished_sent_ = false;
  bool over_ = false;
  bool requested_ = false;
  bool requested_late_ = false;
  std::optional<MisuseAlert> alert_;
};

}  // namespace symbolon::tls
