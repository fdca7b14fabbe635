#include "gateway/relay.h"

#include <array>

namespace symbolon::gateway {
namespace {

constexpr std::size_t kBudget = 256 * 1024;  // octets a direction may move before others have their turn
constexpr std::size_t kChunk = 64 * 1024;    // read at once from a plain end: four records

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

Next Relay::move(Direction& way, RelayEnd& from, RelayEnd& to) {
  std::size_t budget = kBudget;
  while (budget > 0) {
    if (way.ended) return half_close(way, to);
    const bool holds = !way.held.empty();
    bool drained = false;
    std::span<const std::uint8_t> octets = way.held.rest();
    if (!holds) {
      const tls::Attempt got = from.try_read(scratch());
      if (got.state == tls::Attempt::State::end) {
        way.ended = true;
        continue;
      }
      if (got.state != tls::Attempt::State::done) return waiting(got, from);
      octets = scratch().first(got.octets);
      drained = got.drained;
      way.read += octets.size();
      budget -= std::min(budget, octets.size());
    }
    std::size_t taken = 0;
    const auto waits = pass(octets, to, taken);
    way.written += taken;
    if (holds) {
      way.held.take(taken);
    } else if (waits) {
      way.held.keep(octets.subspan(taken));
    }
    if (waits) return *waits;
    if (drained) return readable(from);
  }
  return Next::turn;
}

std::optional<Next> Relay::pass(std::span<const std::uint8_t> octets, RelayEnd& to, std::size_t& taken) {
  while (taken < octets.size()) {
    const tls::Attempt put = to.try_write(octets.subspan(taken));
    if (put.state != tls::Attempt::State::done) return waiting(put, to);
    taken += put.octets;
  }
  return std::nullopt;
}

Next Relay::half_close(Direction& way, RelayEnd& to) {
  const tls::Attempt closed = to.try_close_write();
  way.passed = closed.state == tls::Attempt::State::done;
  return way.passed ? Next::finished : waiting(closed, to);
}

Next Relay::readable(const RelayEnd& end) const {
  return &end == &client_ ? Next::client_readable : Next::service_readable;
}

// What an attempt that was not done asks for.
Next Relay::waiting(const tls::Attempt& attempt, const RelayEnd& end) {
  const bool of_client = &end == &client_;
  switch (attempt.state) {
    case tls::Attempt::State::want_read: return readable(end);
    case tls::Attempt::State::want_write: return of_client ? Next::client_writable : Next::service_writable;
    case tls::Attempt::State::done:
    case tls::Attempt::State::end:
    case tls::Attempt::State::failed: break;
  }
  return fail(attempt, end);
}

Next Relay::fail(const tls::Attempt& attempt, const RelayEnd& end) {
  const bool of_service = &end == &service_;
  const std::string_view who = of_service ? "the service" : "the client";
  failure_ = {attempt.code, ""};
  if (attempt.code == Code::alert_received) {
    failure_.words = fmt::format("{} sent the alert {} ({})", who, alert_name(attempt.alert), attempt.alert);
  } else if (of_service && attempt.code == Code::connection_reset) {
    failure_.code = Code::backend_unreachable;
    failure_.words = "the service ended the connection: " + attempt.error.message();
  } else if (of_service) {
    failure_.words = "of the service";
  }
  return Next::failed;
}

}  // namespace symbolon::gateway
