#include "signer/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.h"

namespace symbolon::signer {
namespace {

Answers answer(const SignRequests& requests, Desk& desk) {
  Answers out;
  for (const SignRequest& request : requests.entries)
    out.entries.push_back({request.number, desk.sign(request.intent)});
  return out;
}

Answers answer(const OcspRequests& requests, Desk& desk) {
  std::vector<OcspName> names;
  names.reserve(requests.entries.size());
  for (const OcspRequest& request : requests.entries) names.push_back(request.response);
  const auto made = desk.sign_ocsp(names);
  ENSURE(made.size() == names.size());
  Answers out;
  for (std::size_t i = 0; i < made.size(); ++i) {
    out.entries.push_back({requests.entries[i].number,
                           made[i] ? Result<Bytes>(encode_ocsp(*made[i])) : std::unexpected(made[i].error())});
  }
  return out;
}

Answers answer(const HeadRequests& requests, Desk& desk) {
  Answers out;
  for (const HeadRequest& request : requests.entries) {
    const auto head = desk.sign_head(request.kind);
    out.entries.push_back({request.number, head ? Result<Bytes>(encode_head(*head)) : std::unexpected(head.error())});
  }
  return out;
}

// The CRL that one of the threads is signing, which takes long: the others are there for certificates.
class CrlInHand {
 public:
  enum class Taken : std::uint8_t { yes, in_hand_already, another_is };
  Taken take(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    if (number_) return *number_ == number ? Taken::in_hand_already : Taken::another_is;
    number_ = number;
    return Taken::yes;
  }
  void done() {
    const std::lock_guard lock(mutex_);
    number_.reset();
  }

 private:
  std::mutex mutex_;
  std::optional<std::uint64_t> number_;
};

// A request that is repeated while it is being answered gets that answer.
Answers answer(const CrlRequests& requests, Desk& desk, CrlInHand& in_hand) {
  Answers out;
  for (const CrlRequest& request : requests.entries) {
    const auto taken = in_hand.take(request.number);
    if (taken == CrlInHand::Taken::in_hand_already) continue;
    if (taken == CrlInHand::Taken::another_is) {
      out.entries.push_back({request.number, fail(Code::overloaded, "another CRL is being signed")});
      continue;
    }
    out.entries.push_back({request.number, desk.sign_crl(request.crl)});
    in_hand.done();
  }
  return out;
}

void reply(int descriptor, const Message& message) {
  const Bytes packet = encode(message);
  // Blocks while the authority does not read; it ends with the socket.
  while (::send(descriptor, packet.data(), packet.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

enum class Wait : std::uint8_t { packet, over };

Wait wait_for_packet(const ServeOptions& options) {
  pollfd sources[] = {{.fd = options.descriptor, .events = POLLIN, .revents = 0},
                      {.fd = options.stop, .events = POLLIN, .revents = 0}};  // a negative one is passed over
  while (::poll(sources, 2, -1) < 0) {
    if (errno != EINTR) return Wait::over;
  }
  return sources[1].revents != 0 ? Wait::over : Wait::packet;
}

void serve_alone(const ServeOptions& options, Desk& desk, CrlInHand& in_hand) {
  Bytes packet(kLargestPacket);
  while (wait_for_packet(options) == Wait::packet) {
    const ssize_t size = ::recv(options.descriptor, packet.data(), packet.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;  // another thread was quicker
    if (size <= 0) return;
    const auto message = decode({packet.data(), static_cast<std::size_t>(size)});
    if (!message) {
      log(LogLevel::warning, message.error());
    } else if (std::holds_alternative<Hello>(*message)) {
      reply(options.descriptor, Keys{desk.keys(), desk.head_key()});
    } else if (const auto* const requests = std::get_if<SignRequests>(&*message)) {
      reply(options.descriptor, answer(*requests, desk));
    } else if (const auto* const responses = std::get_if<OcspRequests>(&*message)) {
      reply(options.descriptor, answer(*responses, desk));
    } else if (const auto* const heads = std::get_if<HeadRequests>(&*message)) {
      reply(options.descriptor, answer(*heads, desk));
    } else if (const auto* const crls = std::get_if<CrlRequests>(&*message)) {
      const Answers answers = answer(*crls, desk, in_hand);
      if (!answers.entries.empty()) reply(options.descriptor, answers);
    }
  }
}

}  // namespace

void serve(const ServeOptions& options, Desk& desk) {
  CrlInHand in_hand;
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < options.threads; ++i) others.emplace_back([&] { serve_alone(options, desk, in_hand); });
  serve_alone(options, desk, in_hand);
}

}  // namespace symbolon::signer
