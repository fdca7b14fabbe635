// Takes the keys of session tickets that the authority hands to all of its gateways. Private to this folder.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "gateway/gateway.h"
#include "gateway/ticket_domains.h"

namespace symbolon::gateway {

struct SharingTimes {
  std::chrono::milliseconds first_retry{1'000};  // after a failure; twice as long after each further one
  std::chrono::milliseconds longest_retry{60'000};
  std::chrono::milliseconds least{60'000};       // between two questions where nothing fails
  std::chrono::milliseconds longest{3'600'000};  // however young the keys are: the clock may jump, keys be forgotten
  std::chrono::milliseconds spread{600'000};     // gateways ask for the next key within this, well before it seals
};

// A thread of its own asks (none while nothing is shared): at once where domains or the generation of the keys have
// changed, else when the next key is due. Where the authority is away, domains go on with what they have, and then with
// keys of their own.
//
// The feed says which generation counts. Keys of another one are wiped at once, and the domains' own with them; an
// answer is taken only if it is of the generation that the feed has said last. Thread-safe.
class TicketKeySharing {
 public:
  // All are borrowed but `ask`, which may be unset: then nothing can be shared.
  TicketKeySharing(TicketDomains& domains, const Clock& clock, AskTicketKeys ask, const SharingTimes& times = {});
  TicketKeySharing(const TicketKeySharing&) = delete;
  TicketKeySharing& operator=(const TicketKeySharing&) = delete;
  ~TicketKeySharing();  // joins, after a question that runs

  enum class Wish : std::uint8_t { share, keep_apart };
  // After each change of the domains. Where sharing ends, all keys are wiped.
  void domains_are(Wish wish);
  // As FeedPage::ticket_keys.
  void generation_is(const std::string& generation);
  // Why nothing is shared, where something should be; not before a question has failed, or none can be asked.
  std::optional<std::string> warning() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::gateway
