// The keys under which session tickets are sealed: random, in locked memory, never on a disk, and never old. Whoever
// has one can make a ticket in the name of any client: it is worth what the key of a CA is.
#pragma once

#include <array>
#include <functional>
#include <mutex>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/locked_page.h"

namespace symbolon::tls {

// AES-256-CBC with HMAC-SHA-256 over what it gives (RFC 5077 §4, with longer keys).
struct TicketKey {
  std::array<std::uint8_t, 16> name{};  // told in the clear, so that the key of a ticket is found
  std::array<std::uint8_t, 32> encryption{};
  std::array<std::uint8_t, 32> authentication{};
};

// Thread-safe.
class TicketKeys {
 public:
  static constexpr Seconds kPeriod{6 * 3600};    // how long a key seals
  static constexpr Seconds kLongest{12 * 3600};  // and how long it opens, from its beginning: then it is wiped

  explicit TicketKeys(const Clock& clock);  // which outlives it
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // `use` gets the key, for as long as the call lasts; what it answers is the answer. It must not call back.
  using Use = std::function<bool(const TicketKey& key)>;
  // With the key to seal with now; after close() one that nobody will know again.
  bool seal(const Use& use);
  // With the key of this name; false: there is none, any more.
  bool open(ByteView name, const Use& use);

  // All keys are wiped: no ticket of before is opened again.
  void renew();
  // The same, for good: nothing that is sealed from now on will be opened.
  void close();
  // Wipes what is too old. Keys are also dropped by use; this is for when nobody comes.
  void drop_old();
  std::size_t size() const;  // keys that open

 private:
  static constexpr std::size_t kMost = 3;
  struct Slot {
    UnixSeconds made;
    bool used = false;
  };
  void wipe(std::size_t slot);
  void wipe_old(UnixSeconds now);
  std::size_t current(UnixSeconds now);  // slot

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  crypto::LockedPage page_;
  TicketKey* keys_;  // kMost, in the page
  std::array<Slot, kMost> slots_{};
  bool closed_ = false;
};

}  // namespace symbolon::tls
