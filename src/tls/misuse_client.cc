#include "tls/misuse_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "crypto/openssl_error.h"
#include "tls/alpn.h"
#include "tls/context.h"
#include "tls/misuse_record.h"
#include "tls/misuse_socket.h"

namespace symbolon::tls {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kReplyPause{300};            // after application data: is there more of it?
constexpr std::chrono::milliseconds kRenegotiationPause{3'000};  // a server that ignores it says nothing

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, SslDeleter>;

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> octets{};
  return inet_pton(AF_INET, host.c_str(), octets.data()) == 1 || inet_pton(AF_INET6, host.c_str(), octets.data()) == 1;
}

class Misuser {
 public:
  Misuser(int descriptor, const MisuseOptions& options)
      : socket_(descriptor, MisuseLimits::kOctets), options_(options) {}

  MisuseResult run() {
    ERR_clear_error();
    if (!socket_.prepare() || !prepare()) {
      out_.words = fmt::format("preparing the handshake: {}", crypto::drain_openssl_errors());
      return std::move(out_);
    }
    if (handshake(SteadyClock::now() + options_.handshake)) {
      out_.finished = true;
      out_.resumed = SSL_session_reused(ssl_.get()) == 1;
      record_.handshake_is_over();
      if (SSL_version(ssl_.get()) != TLS1_3_VERSION) keep(SSL_get_session(ssl_.get()));
      if (options_.renegotiate) renegotiate();
      if (out_.renegotiation != Renegotiation::ended) exchange(SteadyClock::now() + options_.linger);
    }
    gather();
    return std::move(out_);
  }

 private:
  bool prepare() {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = context_.get();
    if (context == nullptr) return false;
    SSL_CTX_set_security_level(context, 0);  // before the old versions, which it would rule out
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);
    if (options_.without_tickets) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_max_cert_list(context, MisuseLimits::kChainOctets);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    if (SSL_CTX_set_min_proto_version(context, static_cast<int>(options_.least)) != 1 ||
        SSL_CTX_set_max_proto_version(context, static_cast<int>(options_.most)) != 1 ||
        SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") != 1) {
      return false;
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);  // for the callback
    SSL_CTX_set_app_data(context, this);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
    if (options_.credential && !present(context)) return false;
    return prepare_connection();
  }

  bool present(SSL_CTX* context) {
    const auto& chain = options_.credential->chain();
    if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) return false;
    if (SSL_CTX_use_PrivateKey(context, options_.credential->key().get()) != 1) return false;
    return std::all_of(chain.begin() + 1, chain.end(), [&](const x509::Certificate& certificate) {
      return SSL_CTX_add1_chain_cert(context, certificate.get()) == 1;
    });
  }

  bool prepare_connection() {
    ssl_.reset(SSL_new(context_.get()));
    SSL* ssl = ssl_.get();
    if (ssl == nullptr) return false;
    if (!options_.server_name.empty() && !is_address(options_.server_name) &&
        SSL_set_tlsext_host_name(ssl, options_.server_name.c_str()) != 1) {
      return false;
    }
    if (!options_.alpn.empty()) {
      const std::string wire = encode_protocols(options_.alpn);
      const auto* const octets = reinterpret_cast<const unsigned char*>(wire.data());
      if (SSL_set_alpn_protos(ssl, octets, static_cast<unsigned>(wire.size())) != 0) return false;
    }
    if (options_.post_handshake_auth) SSL_set_post_handshake_auth(ssl, 1);
    if (options_.session && !offer()) return false;
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    if (in == nullptr || out == nullptr) return false;
    record_.attach(ssl);
    SSL_set_connect_state(ssl);
    return true;
  }

  // Of TLS 1.3 the library offers no ticket that is past its hint: whoever misuses does, and a copy is made younger.
  bool offer() {
    const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> copy(SSL_SESSION_dup(options_.session.get()),
                                                                         &SSL_SESSION_free);
    if (!copy) return false;
    const long now = static_cast<long>(std::time(nullptr));
    const auto hint = static_cast<long>(SSL_SESSION_get_ticket_lifetime_hint(copy.get()));
    if (hint > 0 && SSL_SESSION_get_time(copy.get()) + hint <= now) SSL_SESSION_set_time(copy.get(), now);
    return SSL_set_session(ssl_.get(), copy.get()) == 1;
  }

  // Of TLS 1.3: each ticket as it comes. Of TLS 1.2 the library does not call for what a resumption renews.
  static int on_new_session(SSL* ssl, SSL_SESSION* session) {
    auto& self = *static_cast<Misuser*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (SSL_version(ssl) == TLS1_3_VERSION) self.keep(session);
    return 0;
  }

  void keep(SSL_SESSION* session) {
    unsigned id_size = 0;
    SSL_SESSION_get_id(session, &id_size);
    if ((id_size == 0 && SSL_SESSION_has_ticket(session) == 0) || SSL_SESSION_is_resumable(session) == 0) return;
    if (out_.sessions.size() >= MisuseLimits::kSessions) return;
    // A copy: the library spoils the session of a connection that ends without a close_notify of ours.
    if (SSL_SESSION* const copy = SSL_SESSION_dup(session)) out_.sessions.emplace_back(copy, &SSL_SESSION_free);
  }

  bool handshake(SteadyClock::time_point deadline) {
    while (true) {
      ERR_clear_error();
      const int result = SSL_do_handshake(ssl_.get());
      const int error = SSL_get_error(ssl_.get(), result);
      socket_.flush(SSL_get_wbio(ssl_.get()), deadline);
      if (result == 1) return true;
      if (error != SSL_ERROR_WANT_READ) {
        end_by_library();
        return false;
      }
      if (!take_in(deadline, MisuseEnd::timeout)) return false;
    }
  }

  // RFC 5246 §7.4.1.1. What the server then says, or does not say, is the answer.
  void renegotiate() {
    if (SSL_version(ssl_.get()) == TLS1_3_VERSION) return;  // there is none
    record_.we_renegotiate();
    record_.forget_alert();
    ERR_clear_error();
    if (SSL_renegotiate(ssl_.get()) != 1) {
      out_.words = crypto::drain_openssl_errors();
      return;
    }
    const auto deadline = SteadyClock::now() + std::min(options_.handshake, kRenegotiationPause);
    if (handshake(deadline)) {
      out_.renegotiation = Renegotiation::completed;
    } else if (record_.alert()) {
      out_.renegotiation = Renegotiation::refused;
    } else {
      out_.renegotiation = out_.end == MisuseEnd::timeout ? Renegotiation::ignored : Renegotiation::ended;
    }
    renegotiation_over_ = out_.renegotiation != Renegotiation::completed;
    record_.handshake_is_over();
  }

  // After Finished: a server of TLS 1.3 judges the client's certificate only now.
  void exchange(SteadyClock::time_point deadline) {
    if (renegotiation_over_) return;  // the library takes no more of this connection
    if (!options_.request.empty()) {
      SSL_write(ssl_.get(), options_.request.data(), static_cast<int>(options_.request.size()));
      socket_.flush(SSL_get_wbio(ssl_.get()), deadline);
    }
    std::array<char, 4096> buffer;
    while (true) {
      ERR_clear_error();
      const int octets = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
      const int error = SSL_get_error(ssl_.get(), octets);
      socket_.flush(SSL_get_wbio(ssl_.get()), deadline);
      if (octets > 0) {
        const std::size_t room = MisuseLimits::kApplicationOctets - out_.application_data.size();
        out_.application_data.append(buffer.data(), std::min(room, static_cast<std::size_t>(octets)));
        if (out_.application_data.size() == MisuseLimits::kApplicationOctets) return end(MisuseEnd::data);
        deadline = std::min(deadline, SteadyClock::now() + kReplyPause);
        continue;
      }
      if (error == SSL_ERROR_ZERO_RETURN) return end(MisuseEnd::closed);
      if (error != SSL_ERROR_WANT_READ) return end_by_library();
      if (!take_in(deadline, MisuseEnd::silence)) return;
    }
  }

  // More octets for the library; false when it has ended.
  bool take_in(SteadyClock::time_point deadline, MisuseEnd when_late) {
    switch (socket_.receive(SSL_get_rbio(ssl_.get()), deadline)) {
      case MisuseSocket::Input::octets: return true;
      case MisuseSocket::Input::end: end(MisuseEnd::cut); break;
      case MisuseSocket::Input::reset: end(MisuseEnd::reset); break;
      case MisuseSocket::Input::late: end(when_late); break;
      case MisuseSocket::Input::flood: end(MisuseEnd::flood); break;
    }
    if (out_.words.empty()) out_.words = socket_.words();
    return false;
  }

  // What came before counts more than how the connection ended after it.
  void end(MisuseEnd how) {
    if (record_.fatal_alert()) how = MisuseEnd::alert;
    out_.end = how == MisuseEnd::silence && !out_.application_data.empty() ? MisuseEnd::data : how;
  }

  void end_by_library() {
    out_.words = crypto::drain_openssl_errors();
    end((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 ? MisuseEnd::closed : MisuseEnd::failed);
  }

  void gather() {
    out_.alert_received = record_.alert();
    out_.certificate_requested = record_.certificate_requested();
    out_.certificate_requested_late = record_.certificate_requested_late();
    out_.certificate_sent = options_.credential != nullptr && out_.certificate_requested;
    if (record_.server_hello()) {
      out_.version = static_cast<ProtocolVersion>(SSL_version(ssl_.get()));
      out_.secure_renegotiation = SSL_get_secure_renegotiation_support(ssl_.get()) == 1;
    }
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    if (protocol != nullptr) out_.alpn.assign(reinterpret_cast<const char*>(protocol), size);
    if (const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_.get())) {
      for (int i = 0; i < sk_X509_num(chain); ++i) {
        out_.server_chain.push_back(x509::Certificate::from_handle(sk_X509_value(chain, i)));
      }
    }
  }

  MisuseSocket socket_;
  const MisuseOptions& options_;
  MisuseResult out_;
  MisuseRecord record_;
  Context context_;
  SslHandle ssl_;
  bool renegotiation_over_ = false;
};

}  // namespace

std::string_view name(ProtocolVersion version) {
  switch (version) {
    case ProtocolVersion::tls10: return "TLS 1.0";
    case ProtocolVersion::tls11: return "TLS 1.1";
    case ProtocolVersion::tls12: return "TLS 1.2";
    case ProtocolVersion::tls13: return "TLS 1.3";
  }
  return "TLS";
}

bool is_ticket(const TakenSession& session) { return SSL_SESSION_has_ticket(session.get()) == 1; }

std::chrono::seconds lifetime_hint(const TakenSession& session) {
  return std::chrono::seconds(SSL_SESSION_get_ticket_lifetime_hint(session.get()));
}

MisuseResult misuse(int descriptor, const MisuseOptions& options) { return Misuser(descriptor, options).run(); }

}  // namespace symbolon::tls
