#include "tls/probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

#include "crypto/openssl_error.h"
#include "tls/alpn.h"
#include "tls/context.h"
#include "tls/probe_record.h"
#include "tls/probe_words.h"
#include "tls/split_hello.h"

namespace symbolon::tls {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kReplyPause{400};   // after application data: is there more of it?
constexpr std::chrono::milliseconds kSegmentPause{20};  // between two segments, so that they are not put together
constexpr const char* kEverySuite =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
    "TLS_AES_128_CCM_8_SHA256";

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, SslDeleter>;

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> octets{};
  return inet_pton(AF_INET, host.c_str(), octets.data()) == 1 || inet_pton(AF_INET6, host.c_str(), octets.data()) == 1;
}

int library_version(ProbeVersion version) {
  switch (version) {
    case ProbeVersion::tls10: return TLS1_VERSION;
    case ProbeVersion::tls11: return TLS1_1_VERSION;
    case ProbeVersion::tls12: return TLS1_2_VERSION;
    case ProbeVersion::tls13: return TLS1_3_VERSION;
  }
  return 0;
}

// What the wait for input came to.
enum class Input : std::uint8_t { octets, end, reset, late, flood };

class Prober {
 public:
  Prober(int descriptor, const ProbeOptions& options) : descriptor_(descriptor), options_(options) {}

  Transcript run() {
    const int flags = fcntl(descriptor_, F_GETFL);
    if (flags < 0 || fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK) < 0) return give_up("socket");
    if (!prepare()) return give_up("preparing the handshake");
    start_ = SteadyClock::now();
    record_.start(start_);
    if (handshake(start_ + options_.handshake)) watch(SteadyClock::now() + options_.linger);
    gather_probe_facts(ssl_.get(), record_, out_);
    out_.post_quantum_offered =
        options_.groups.empty() && options_.most == ProbeVersion::tls13 && has_post_quantum_group();
    return std::move(out_);
  }

 private:
  bool prepare() {
    ERR_clear_error();
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* context = context_.get();
    if (context == nullptr) return false;
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT);  // what RFC 5746 wants is not what we look at
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, ProbeLimits::kChainOctets);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);  // the chain is judged afterwards
    if (!offer(context)) return false;
    if (options_.credential && !present(context)) return false;
    ssl_.reset(SSL_new(context));
    if (!ssl_) return false;
    SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
    if (!options_.server_name.empty() && !is_address(options_.server_name) &&
        SSL_set_tlsext_host_name(ssl_.get(), options_.server_name.c_str()) != 1) {
      return false;
    }
    // Memory between the library and the socket, so that every octet is seen, and also what stands before a reset.
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in, out);
    if (in == nullptr || out == nullptr) return false;
    record_.attach(ssl_.get());
    SSL_set_connect_state(ssl_.get());
    return true;
  }

  bool offer(SSL_CTX* context) const {
    const bool every = options_.suites == ProbeSuites::every;
    if (SSL_CTX_set_min_proto_version(context, library_version(options_.least)) != 1) return false;
    if (SSL_CTX_set_max_proto_version(context, library_version(options_.most)) != 1) return false;
    const char* const ciphers = every ? "ALL:@SECLEVEL=0" : "DEFAULT:@SECLEVEL=0";
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1) return false;
    if (every && SSL_CTX_set_ciphersuites(context, kEverySuite) != 1) return false;
    if (!options_.groups.empty() && SSL_CTX_set1_groups_list(context, options_.groups.c_str()) != 1) return false;
    if (options_.alpn.empty()) return true;
    const std::string list = encode_protocols(options_.alpn);
    const auto* const octets = as_bytes(list).data();
    return SSL_CTX_set_alpn_protos(context, octets, static_cast<unsigned>(list.size())) == 0;  // 0 is success
  }

  bool present(SSL_CTX* context) const {
    const auto& chain = options_.credential->chain();
    if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) return false;
    if (SSL_CTX_use_PrivateKey(context, options_.credential->key().get()) != 1) return false;
    return std::all_of(chain.begin() + 1, chain.end(), [&](const x509::Certificate& certificate) {
      return SSL_CTX_add1_chain_cert(context, certificate.get()) == 1;
    });
  }

  bool handshake(SteadyClock::time_point deadline) {
    while (true) {
      ERR_clear_error();
      const int result = SSL_do_handshake(ssl_.get());
      const int error = SSL_get_error(ssl_.get(), result);
      flush(deadline);
      if (result == 1) {
        out_.finished = true;
        out_.handshake_time = elapsed();
        return true;
      }
      if (error != SSL_ERROR_WANT_READ) return end_by_library();
      if (!take_in(deadline, ProbeEnd::timeout)) return false;
    }
  }

  bool chose_h2() const {
    const unsigned char* name = nullptr;
    unsigned octets = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &octets);
    return octets == 2 && name[0] == 'h' && name[1] == '2';
  }

  // After Finished: a server of TLS 1.3 judges the client's certificate only now.
  void watch(SteadyClock::time_point deadline) {
    if (!options_.request.empty() && !chose_h2()) {
      SSL_write(ssl_.get(), options_.request.data(), static_cast<int>(options_.request.size()));
      flush(deadline);
    }
    std::array<char, 4096> buffer;
    while (true) {
      ERR_clear_error();
      const int octets = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
      const int error = SSL_get_error(ssl_.get(), octets);
      flush(deadline);
      if (octets > 0) {
        if (out_.application_data.empty()) out_.application_data_at = elapsed();
        const std::size_t room = ProbeLimits::kApplicationOctets - out_.application_data.size();
        out_.application_data.append(buffer.data(), std::min(room, static_cast<std::size_t>(octets)));
        if (out_.application_data.size() == ProbeLimits::kApplicationOctets) return end(ProbeEnd::data);
        deadline = std::min(deadline, SteadyClock::now() + kReplyPause);
        continue;
      }
      if (error == SSL_ERROR_ZERO_RETURN) return end(ProbeEnd::closed);
      if (error != SSL_ERROR_WANT_READ) {
        end_by_library();
        return;
      }
      if (!take_in(deadline, ProbeEnd::silence)) return;
    }
  }

  std::chrono::microseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start_);
  }

  // More octets for the library; false when the watching has ended.
  bool take_in(SteadyClock::time_point deadline, ProbeEnd when_late) {
    switch (receive(deadline)) {
      case Input::octets: break;
      case Input::end: end(ProbeEnd::cut); return false;
      case Input::reset: end(ProbeEnd::reset); return false;
      case Input::late: end(when_late); return false;
      case Input::flood: end(ProbeEnd::flood); return false;
    }
    if (looks_like_tls(out_.first_octets)) return true;
    const auto pause = std::min(deadline, SteadyClock::now() + kReplyPause);
    while (out_.first_octets.size() < ProbeLimits::kFirstOctets && receive(pause) == Input::octets) {
    }
    out_.end = ProbeEnd::not_tls;
    return false;
  }

  Input receive(SteadyClock::time_point deadline) {
    while (true) {
      std::array<std::uint8_t, 16384> buffer;
      const ssize_t octets = recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (octets > 0) {
        const auto count = static_cast<std::size_t>(octets);
        const std::size_t room = ProbeLimits::kFirstOctets - out_.first_octets.size();
        out_.first_octets.insert(out_.first_octets.end(), buffer.begin(),
                                 buffer.begin() + static_cast<std::ptrdiff_t>(std::min(room, count)));
        received_ += count;
        if (received_ > ProbeLimits::kOctets) return Input::flood;
        BIO_write(SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(count));
        return Input::octets;
      }
      if (octets == 0) return Input::end;
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        out_.words = std::generic_category().message(errno);
        return Input::reset;
      }
      if (!wait(POLLIN, deadline)) return Input::late;
    }
  }

  void flush(SteadyClock::time_point deadline) {
    char* data = nullptr;
    BIO* pending = SSL_get_wbio(ssl_.get());
    const auto size = static_cast<std::size_t>(std::max(0L, BIO_get_mem_data(pending, &data)));
    if (size == 0) return;
    const ByteView octets = as_bytes(std::string_view(data, size));
    if (hello_sent_) {
      transmit(octets, deadline);
    } else {
      transmit_hello(octets, deadline);
    }
    (void)BIO_reset(pending);
  }

  void transmit_hello(ByteView octets, SteadyClock::time_point deadline) {
    hello_sent_ = true;
    const bool records = options_.split == ProbeSplit::records || options_.split == ProbeSplit::both;
    const bool segments = options_.split == ProbeSplit::segments || options_.split == ProbeSplit::both;
    const Bytes hello = records ? in_two_records(octets) : Bytes(octets.begin(), octets.end());
    const std::size_t first = segments ? hello.size() / 2 : hello.size();
    transmit(ByteView(hello).first(first), deadline);
    if (first == hello.size()) return;
    std::this_thread::sleep_for(kSegmentPause);
    transmit(ByteView(hello).subspan(first), deadline);
  }

  // A failed write is no end: what the server said before it hung up may still wait to be read.
  void transmit(ByteView octets, SteadyClock::time_point deadline) {
    while (!octets.empty() && !write_broken_) {
      const ssize_t sent = send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        octets = octets.subspan(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        write_broken_ = !wait(POLLOUT, deadline);
      } else if (errno != EINTR) {
        write_broken_ = true;
      }
    }
  }

  bool wait(short events, SteadyClock::time_point deadline) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
      if (left <= 0) return false;
      pollfd entry{descriptor_, events, 0};
      const int ready = poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  // What came before counts more than how the connection ended after it.
  void end(ProbeEnd how) {
    if (record_.fatal_alert_received()) {
      out_.end = ProbeEnd::alert;
    } else {
      out_.end = out_.application_data.empty() ? how : ProbeEnd::data;
    }
  }

  bool end_by_library() {
    const unsigned long error = ERR_peek_error();
    const bool too_much = ERR_GET_REASON(error) == SSL_R_EXCESSIVE_MESSAGE_SIZE;
    const std::string library_words = crypto::drain_openssl_errors();
    const std::string_view words = probe_words(error);
    out_.words = words.empty() ? library_words : std::string(words);
    if (too_much) {
      end(ProbeEnd::flood);
    } else {
      end((SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 ? ProbeEnd::closed : ProbeEnd::failed);
    }
    return false;
  }

  Transcript give_up(std::string_view what) {
    out_.words = fmt::format("{}: {}", what, crypto::drain_openssl_errors());
    out_.end = ProbeEnd::failed;
    return std::move(out_);
  }

  int descriptor_;
  const ProbeOptions& options_;
  Context context_;
  SslHandle ssl_;
  ProbeRecord record_;
  Transcript out_;
  SteadyClock::time_point start_;
  std::size_t received_ = 0;
  bool hello_sent_ = false;
  bool write_broken_ = false;
};

}  // namespace

std::string_view name(ProbeVersion version) {
  switch (version) {
    case ProbeVersion::tls10: return "TLS 1.0";
    case ProbeVersion::tls11: return "TLS 1.1";
    case ProbeVersion::tls12: return "TLS 1.2";
    case ProbeVersion::tls13: return "TLS 1.3";
  }
  return "";
}

bool has_post_quantum_group() {
  const Context context(SSL_CTX_new(TLS_client_method()));
  const bool known = context && SSL_CTX_set1_groups_list(context.get(), "X25519MLKEM768") == 1;
  ERR_clear_error();
  return known;
}

Transcript probe(int descriptor, const ProbeOptions& options) { return Prober(descriptor, options).run(); }

}  // namespace symbolon::tls
