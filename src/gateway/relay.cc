#include "gateway/relay.h"

#include <sys/socket.h>

#include <array>
#include <system_error>

namespace symbolon::gateway {
namespace {

constexpr std::size_t kBudget = 256 * 1024;  // octets a direction may move before others have their turn
constexpr std::size_t kChunk = 64 * 1024;    // read from the service at once: four records

std::span<std::uint8_t> scratch() {
  thread_local std::array<std::uint8_t, kChunk> buffer;
  return buffer;
}

}  // namespace

void Relay::Held::keep(std::span<const std::uint8_t> rest) {
  if (rest.data() >= octets.data() && rest.data() < octets.data() + octets.size()) return;  // stands here already
  octets.assign(rest.begin(), rest.end());
  begin = 0;
}

void Relay::Held::take(std::size_t count) {
  begin += count;
  if (!empty()) return;
  octets = {};  // gives the memory back
  begin = 0;
}

Next Relay::upward() {
  std::size_t budget = kBudget;
  while (budget > 0) {
    const bool holds = !up_.empty();
    std::span<const std::uint8_t> octets = up_.rest();
    if (!holds) {
      const tls::Attempt got = client_.try_read(scratch());
      switch (got.state) {
        case tls::Attempt::State::want_read: return Next::client_readable;
        case tls::Attempt::State::want_write: return Next::client_writable;
        case tls::Attempt::State::failed: return fail(got);
        case tls::Attempt::State::end: ::shutdown(service_.native_handle(), SHUT_WR); return Next::finished;
        case tls::Attempt::State::done: break;
      }
      octets = scratch().first(got.octets);
      received_ += octets.size();
      budget -= std::min(budget, octets.size());
    }
    std::size_t taken = 0;
    const auto waits = to_service(octets, taken);
    if (holds) {
      up_.take(taken);
    } else if (waits) {
      up_.keep(octets.subspan(taken));
    }
    if (waits) return *waits;
  }
  return Next::turn;
}

Next Relay::downward() {
  std::size_t budget = kBudget;
  while (budget > 0) {
    if (service_ended_) return end_of_service();
    const bool holds = !down_.empty();
    std::span<const std::uint8_t> octets = down_.rest();
    if (!holds) {
      const ssize_t got = ::recv(service_.native_handle(), scratch().data(), scratch().size(), MSG_DONTWAIT);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno == EAGAIN ? Next::service_readable : fail_service(errno);
      if (got == 0) {
        service_ended_ = true;
        continue;
      }
      octets = scratch().first(static_cast<std::size_t>(got));
      budget -= std::min(budget, octets.size());
    }
    std::size_t taken = 0;
    const auto waits = to_client(octets, taken);
    sent_ += taken;
    if (holds) {
      down_.take(taken);
    } else if (waits) {
      down_.keep(octets.subspan(taken));
    }
    if (waits) return *waits;
  }
  return Next::turn;
}

std::optional<Next> Relay::to_service(std::span<const std::uint8_t> octets, std::size_t& taken) {
  while (taken < octets.size()) {
    const ssize_t n =
        ::send(service_.native_handle(), octets.data() + taken, octets.size() - taken, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      taken += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {
      return Next::service_writable;
    } else if (errno != EINTR) {
      return fail_service(errno);
    }
  }
  return std::nullopt;
}

std::optional<Next> Relay::to_client(std::span<const std::uint8_t> octets, std::size_t& taken) {
  while (taken < octets.size()) {
    const tls::Attempt attempt = client_.try_write(octets.subspan(taken));
    switch (attempt.state) {
      case tls::Attempt::State::done: taken += attempt.octets; break;
      case tls::Attempt::State::want_read: return Next::client_readable;
      case tls::Attempt::State::want_write: return Next::client_writable;
      case tls::Attempt::State::end:
      case tls::Attempt::State::failed: return fail(attempt);
    }
  }
  return std::nullopt;
}

Next Relay::end_of_service() {
  const tls::Attempt attempt = client_.try_close_notify();
  if (attempt.state == tls::Attempt::State::want_write) return Next::client_writable;
  if (attempt.state == tls::Attempt::State::failed) return fail(attempt);
  ::shutdown(client_.socket().native_handle(), SHUT_WR);
  return Next::finished;
}

Next Relay::fail(Code code, std::string words) {
  failure_ = {code, std::move(words)};
  return Next::failed;
}

Next Relay::fail(const tls::Attempt& attempt) {
  if (attempt.code == Code::alert_received)
    return fail(attempt.code,
                fmt::format("the client sent the alert {} ({})", alert_name(attempt.alert), attempt.alert));
  return fail(attempt.code, "");
}

Next Relay::fail_service(int problem) {
  return fail(Code::backend_unreachable,
              "the service ended the connection: " + std::generic_category().message(problem));
}

}  // namespace symbolon::gateway
