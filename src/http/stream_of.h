// What make_stream makes; included by byte_stream.cc and tls_stream.cc only.
#pragma once

#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <type_traits>

#include "http/byte_stream.h"

namespace symbolon::http {

namespace asio = boost::asio;

enum class Passed : std::uint8_t { no, yes };

inline Error translate(const boost::system::error_code& error, Passed deadline) {
  if (deadline == Passed::yes) return {Code::connection_timeout, "nothing moved until the deadline"};
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
    return {Code::cancelled, "the connection was closed on our side"};
  }
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe) {
    return {Code::connection_reset, "the peer reset the connection"};
  }
  if (error == asio::error::connection_aborted) return {Code::truncated, "the connection ended without close_notify"};
  return {Code::system_error, error.message()};
}

template <typename Carrier>
class StreamOf final : public ByteStream {
 public:
  explicit StreamOf(Carrier carrier) : carrier_(std::move(carrier)) {}

  net::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer, net::Deadline deadline) override {
    net::CancelAt cancel(socket(), deadline);
    boost::system::error_code error;
    const asio::mutable_buffer into(buffer.data(), buffer.size());
    const std::size_t octets =
        co_await carrier_.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof) co_return std::size_t{0};
    if (error) co_return std::unexpected(failure(error, cancel.passed() ? Passed::yes : Passed::no));
    co_return octets;
  }

  net::Task<Status> write(ByteView octets, net::Deadline deadline) override {
    net::CancelAt cancel(socket(), deadline);
    while (!octets.empty()) {
      boost::system::error_code error;
      const asio::const_buffer from(octets.data(), octets.size());
      const std::size_t sent =
          co_await carrier_.async_write_some(from, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return std::unexpected(failure(error, cancel.passed() ? Passed::yes : Passed::no));
      octets = octets.subspan(sent);
    }
    co_return Status();
  }

  net::Task<void> finish(std::shared_ptr<net::DrainRoom> room) override {
    if constexpr (kPlain) {
      co_await net::drain_and_close(std::move(carrier_), std::move(room));
    } else {
      co_await carrier_.close(std::move(room));
    }
  }

  bool quiet() override {
    char octet = 0;
    const ssize_t got = ::recv(socket().native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void close() override {
    if constexpr (kPlain) {
      boost::system::error_code ignored;
      carrier_.close(ignored);
    } else {
      carrier_.abort();
    }
  }

 private:
  static constexpr bool kPlain = std::is_same_v<Carrier, net::Socket>;
  Error failure(const boost::system::error_code& error, Passed deadline) const {
    if constexpr (!kPlain) {
      if (const auto alert = carrier_.alert_received()) {
        return {Code::alert_received, fmt::format("the peer sent the alert {} ({})", alert_name(*alert), *alert)};
      }
    }
    return translate(error, deadline);
  }
  net::Socket& socket() {
    if constexpr (kPlain) {
      return carrier_;
    } else {
      return carrier_.socket();
    }
  }

  Carrier carrier_;
};

}  // namespace symbolon::http
