#include "tls/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "crypto/openssl_error.h"
#include "tls/alpn.h"
#include "tls/connection.h"

namespace symbolon::tls {
namespace {

namespace asio = boost::asio;

net::Task<boost::system::error_code> wait_for(net::Socket& socket, bool to_write) {
  boost::system::error_code error;
  const auto what = to_write ? net::Socket::wait_write : net::Socket::wait_read;
  co_await socket.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

Attempt failed(Code code, boost::asio::error::basic_errors error, int alert = 0) {
  return {.state = Attempt::State::failed, .octets = 0, .code = code, .alert = alert, .error = error};
}

// Why SSL_read or SSL_write did not do it. Drains the queue.
Attempt outcome_of(Connection& connection, int returned) {
  const int system_error = errno;
  const int what = SSL_get_error(connection.ssl.get(), returned);
  if (connection.key_updates > kMostKeyUpdates)
    return failed(Code::too_many_key_updates, asio::error::connection_aborted);
  switch (what) {
    case SSL_ERROR_WANT_READ: return {.state = Attempt::State::want_read};
    case SSL_ERROR_WANT_WRITE: return {.state = Attempt::State::want_write};
    case SSL_ERROR_ZERO_RETURN: return {.state = Attempt::State::end};
    default: break;
  }
  const unsigned long first = ERR_peek_error();
  ERR_clear_error();
  if (connection.alert_received > 0)
    return failed(Code::alert_received, asio::error::connection_aborted, connection.alert_received);
  if (ERR_GET_REASON(first) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return failed(Code::truncated, asio::error::connection_aborted);
  if (what == SSL_ERROR_SYSCALL) {
    if (system_error == 0) return failed(Code::truncated, asio::error::connection_aborted);
    return failed(Code::connection_reset, asio::error::connection_reset);
  }
  return failed(Code::handshake_malformed, asio::error::connection_aborted);
}

// The library's names of groups end with the context that they are of; what is counted by them does not. There are as
// many as the library knows groups.
std::string_view lasting(std::string_view name) {
  static std::shared_mutex mutex;
  static std::set<std::string, std::less<>> names;
  {
    const std::shared_lock lock(mutex);
    if (const auto known = names.find(name); known != names.end()) return *known;
  }
  const std::unique_lock lock(mutex);
  return *names.emplace(name).first;
}

Peer peer_of(Connection& connection) {
  const Negotiated agreed = negotiated(connection.ssl.get());
  Peer out;
  out.admission = connection.admission;
  out.route = connection.route;
  out.server_name = connection.server_name;
  out.version = agreed.version;
  out.cipher = agreed.cipher;
  out.group = agreed.group;
  out.resumed = connection.resumed;
  out.declined_session = connection.notes->declined_session;
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(connection.ssl.get(), &protocol, &size);
  if (size != 0) out.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  return out;
}

}  // namespace

Negotiated negotiated(SSL* ssl) {
  // The one that was chosen stands as pending until the keys are changed; a handshake may fail between.
  const SSL_CIPHER* const current = SSL_get_current_cipher(ssl);
  const SSL_CIPHER* const cipher = current != nullptr ? current : SSL_get_pending_cipher(ssl);
  if (cipher == nullptr) return {};
  Negotiated out{.version = SSL_get_version(ssl), .cipher = SSL_CIPHER_get_name(cipher), .group = {}};
  const long group = SSL_get_negotiated_group(ssl);
  if (const char* const name = SSL_group_to_name(ssl, static_cast<int>(group))) out.group = lasting(name);
  return out;
}

Connection& Connection::of(const SSL* ssl) { return *static_cast<Connection*>(SSL_get_app_data(ssl)); }

Status attach(Connection& connection, SSL_CTX* context) {
  connection.ssl.reset(SSL_new(context));
  SSL* const ssl = connection.ssl.get();
  if (ssl == nullptr || SSL_set_app_data(ssl, &connection) != 1 ||
      SSL_set_fd(ssl, static_cast<int>(connection.socket.native_handle())) != 1)
    return crypto::openssl_failure(Code::crypto_failed, "making a TLS connection");
  connection.notes = std::make_unique<HandshakeNotes>();
  return {};
}

Stream::Stream(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Result<Stream> Stream::server(net::Socket socket, std::shared_ptr<const ServerRoutes> routes) {
  auto connection = std::make_unique<Connection>(std::move(socket));
  connection->routes = std::move(routes);
  if (auto done = attach(*connection, connection->routes->any().get()); !done) return std::unexpected(done.error());
  SSL_set_accept_state(connection->ssl.get());
  return Stream(std::move(connection));
}

Result<Stream> Stream::client(net::Socket socket, std::shared_ptr<const ClientContext> context,
                              const std::string& server_name, const std::vector<std::string>& alpn) {
  auto connection = std::make_unique<Connection>(std::move(socket));
  connection->client = std::move(context);
  Judge judge = TRY(connection->client->judge_of(server_name));
  connection->own_judge = std::make_unique<const Judge>(std::move(judge));
  if (auto done = attach(*connection, connection->client->get()); !done) return std::unexpected(done.error());
  if (!server_name.empty() && !x509::GeneralName::ip(server_name)) {
    if (SSL_set_tlsext_host_name(connection->ssl.get(), server_name.c_str()) != 1)
      return crypto::openssl_failure(Code::bad_request, "the server name cannot be sent");
    connection->server_name = server_name;
  }
  const std::string offer = encode_protocols(alpn);
  if (!offer.empty() && SSL_set_alpn_protos(connection->ssl.get(), reinterpret_cast<const unsigned char*>(offer.data()),
                                            static_cast<unsigned int>(offer.size())) != 0)
    return crypto::openssl_failure(Code::bad_request, "the application protocols cannot be sent");
  SSL_set_connect_state(connection->ssl.get());
  return Stream(std::move(connection));
}

net::Task<Handshake<Peer>> Stream::handshake(net::Deadline deadline, net::Turns* turns) {
  Connection& connection = *connection_;
  const net::CancelAt cancel(connection.socket, deadline);
  while (true) {
    if (turns != nullptr) co_await turns->take();
    ERR_clear_error();
    errno = 0;
    const int returned = SSL_do_handshake(connection.ssl.get());
    if (returned == 1) break;
    const int system_error = errno;
    const int what = SSL_get_error(connection.ssl.get(), returned);
    if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE)
      co_return std::unexpected(explain_failure(connection, what, system_error));
    // The deadline may have passed before its turn came; nothing would cancel the waiting then.
    boost::system::error_code error = asio::error::operation_aborted;
    if (!cancel.passed()) error = co_await wait_for(connection.socket, what == SSL_ERROR_WANT_WRITE);
    if (!error) continue;
    Refusal refusal = explain_failure(connection, SSL_ERROR_NONE, 0);
    refusal.code = cancel.passed() ? Code::handshake_timeout : Code::cancelled;
    refusal.words = cancel.passed()
                        ? (connection.notes->first_seen ? "the handshake began and did not end" : "nothing came")
                        : error.message();
    co_return std::unexpected(std::move(refusal));
  }
  if (!take_resumed_session(connection)) {
    Refusal refusal = explain_failure(connection, SSL_ERROR_NONE, 0);
    refusal.code = Code::handshake_failed;
    refusal.words = "the session that was resumed is not the one that was judged";
    co_return std::unexpected(std::move(refusal));
  }
  Peer peer = peer_of(connection);
  connection.established = true;
  // The staple was sent; it would be kept as long as the connection.
  SSL_set_tlsext_status_ocsp_resp(connection.ssl.get(), nullptr, 0);
  connection.notes.reset();
  connection.routes.reset();  // a reload replaces them; those of before shall not live on with each connection
  connection.key_updates = 0;
  co_return peer;
}

// After a KeyUpdate a newer OpenSSL says WANT_READ although what came behind it was read with it and waits inside,
// where SSL_has_pending does not see it either. Nothing would ever announce it: so it is asked again.
Attempt Stream::try_read(std::span<std::uint8_t> into) {
  Connection& connection = *connection_;
  while (true) {
    ERR_clear_error();
    errno = 0;
    std::size_t octets = 0;
    const unsigned key_updates = connection.key_updates;
    const int returned = SSL_read_ex(connection.ssl.get(), into.data(), into.size(), &octets);
    if (returned == 1) {
      connection.key_updates = 0;
      const bool drained = octets < SSL3_RT_MAX_PLAIN_LENGTH && SSL_has_pending(connection.ssl.get()) == 0;
      return {.state = Attempt::State::done, .octets = octets, .drained = drained};
    }
    const Attempt outcome = outcome_of(connection, returned);
    if (outcome.state != Attempt::State::want_read || connection.key_updates == key_updates) return outcome;
  }
}

Attempt Stream::try_write(std::span<const std::uint8_t> from) {
  ERR_clear_error();
  errno = 0;
  std::size_t octets = 0;
  const int returned = SSL_write_ex(connection_->ssl.get(), from.data(), from.size(), &octets);
  if (returned == 1) return {.state = Attempt::State::done, .octets = octets};
  return outcome_of(*connection_, returned);
}

Attempt Stream::try_close_notify() {
  ERR_clear_error();
  errno = 0;
  const int returned = SSL_shutdown(connection_->ssl.get());
  if (returned >= 0) return {.state = Attempt::State::done};
  return outcome_of(*connection_, returned);
}

net::Task<void> Stream::close(std::shared_ptr<net::DrainRoom> room) {
  if (!connection_->socket.is_open()) co_return;
  if (connection_->established) try_close_notify();
  co_await net::drain_and_close(std::move(connection_->socket), std::move(room));
}

void Stream::abort() {
  boost::system::error_code ignored;
  connection_->socket.close(ignored);
}

std::optional<int> Stream::alert_received() const {
  if (connection_->alert_received <= 0) return std::nullopt;
  return connection_->alert_received;
}
net::Socket& Stream::socket() { return connection_->socket; }
net::Executor Stream::get_executor() { return connection_->socket.get_executor(); }
SSL* Stream::native() const { return connection_->ssl.get(); }

}  // namespace symbolon::tls
