// The keys under which session tickets are sealed: random, in locked memory, never on a disk, and never old. Whoever
// has one can make a ticket in the name of any client: it is worth what the key of a CA is.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <span>

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

// One that several gateways have. Wiped when it dies.
struct SharedTicketKey {
  TicketKey key;
  Seconds age;  // when it was asked for
  SharedTicketKey() = default;
  SharedTicketKey(const SharedTicketKey&) = default;
  SharedTicketKey& operator=(const SharedTicketKey&) = default;
  ~SharedTicketKey();
};

// Thread-safe.
//
// Keys are our own, made when the first ticket is sealed, or shared: made by the authority, handed out by give(), taken
// by take(). Of the shared ones the newest that may seal does, and one of our own only where there is none.
//
//                    made           kLead              kPeriod                    kLongest
//   own, or alone    |  seals and opens                | opens                    | wiped
//   shared           |  opens       |  seals and opens | opens                    | wiped
//
// So a shared key is with all gateways before the first of them seals with it, and none needs the others' clocks.
class TicketKeys {
 public:
  static constexpr Seconds kPeriod{6 * 3600};    // until when a key seals, from its beginning
  static constexpr Seconds kLongest{12 * 3600};  // and until when it opens: then it is wiped
  static constexpr Seconds kLead{1800};          // how long a shared key is known before it seals

  explicit TicketKeys(const Clock& clock);  // which outlives it
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  // `use` gets the key, for as long as the call lasts; what it answers is the answer. It must not call back.
  using Use = std::function<bool(const TicketKey& key)>;
  // With the key to seal with now; after close() one that nobody will know again.
  bool seal(const Use& use);
  // With the key of this name; false: there is none, any more.
  bool open(ByteView name, const Use& use);

  // Every key, for whoever hands them to gateways; the one that follows the newest is made when it is time.
  using Each = std::function<void(const TicketKey& key, Seconds age)>;
  void give(const Each& each);
  // Keys that others have, too, as they were at `asked`. Those that are too old are left out, and those of before the
  // last renew(). One that is known grows no younger.
  void take(std::span<const SharedTicketKey> keys, UnixSeconds asked);

  // All keys are wiped: no ticket of before is opened again. Shared ones that are of before, neither.
  void renew();
  // The same, where shared keys of before are no more: all that are handed out are taken.
  void forget();
  // The same, for good: nothing that is sealed from now on will be opened.
  void close();
  // Wipes what is too old. Keys are also dropped by use; this is for when nobody comes.
  void drop_old();
  std::size_t size() const;  // keys that open

 private:
  static constexpr std::size_t kMost = 8;  // three of each kind overlap
  enum class Origin : std::uint8_t { own, shared };
  struct Slot {
    UnixSeconds made;
    Origin origin = Origin::own;
    bool used = false;
  };
  void wipe(std::size_t slot);
  void wipe_all();
  void wipe_old(UnixSeconds now);
  // Slots; kMost: there is none.
  std::size_t newest(Origin origin) const;
  std::size_t sealing(UnixSeconds now) const;
  std::size_t named(ByteView name) const;
  std::size_t spare() const;  // one that is free, else the oldest
  std::size_t make(UnixSeconds now);

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  crypto::LockedPage page_;
  TicketKey* keys_;  // kMost, in the page
  std::array<Slot, kMost> slots_{};
  std::optional<UnixSeconds> renewed_;  // shared keys of before are not taken
  bool closed_ = false;
};

}  // namespace symbolon::tls
