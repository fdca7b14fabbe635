#include "tls/misuse_record.h"

#include <openssl/ssl.h>

namespace symbolon::tls {
namespace {

// RFC 8446 §5.1 and §4.
constexpr int kAlert = 21;
constexpr int kHandshake = 22;
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kCertificateRequest = 13;
constexpr std::uint8_t kFinished = 20;
constexpr std::uint8_t kFatal = 2;
constexpr int kCloseNotify = 0;
constexpr int kUserCanceled = 90;

void on_message(int write, int, int content_type, const void* data, std::size_t size, SSL*, void* record) {
  const ByteView octets{static_cast<const std::uint8_t*>(data), size};
  auto& out = *static_cast<MisuseRecord*>(record);
  if (write != 0) {
    out.sent(content_type, octets);
  } else {
    out.received(content_type, octets);
  }
}

}  // namespace

void MisuseRecord::attach(SSL* ssl) {
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, this);
}

void MisuseRecord::sent(int content_type, ByteView octets) {
  if (content_type == kHandshake && !octets.empty() && octets[0] == kFinished) finished_sent_ = true;
}

void MisuseRecord::received(int content_type, ByteView octets) {
  if (content_type == kHandshake && !octets.empty()) {
    server_hello_ = server_hello_ || octets[0] == kServerHello;
    if (octets[0] == kCertificateRequest) (over_ ? requested_late_ : requested_) = true;
  }
  if (content_type != kAlert || octets.size() != 2) return;
  if (octets[1] == kCloseNotify || octets[1] == kUserCanceled) return;
  alert_ = MisuseAlert{octets[0] == kFatal, octets[1], finished_sent_};
}

}  // namespace symbolon::tls
