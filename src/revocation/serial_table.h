// The revoked serials of one issuer: sorted, packed, with a directory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "x509/serial_number.h"

namespace symbolon::revocation {

// Immutable once built; a lookup looks at a few neighbours. An entry is the serial's magnitude and four octets of time;
// a directory of every sixteenth of them or so takes a quarter of an octet an entry.
class SerialTable {
 public:
  SerialTable() = default;

  // Unsorted input; add() as often as you like, then sort() once. A serial that comes twice keeps its earliest time.
  void add(const x509::SerialNumber& serial, UnixSeconds since);
  void sort();
  // As add() of each of its entries.
  void append(const SerialTable& other);
  // There will be about so many times as many entries as there are, alike in their lengths: what add() needs is taken
  // at once.
  void will_grow(double times);
  // This and the other, both sorted.
  SerialTable merged_with(const SerialTable& other) const;
  // This, sorted, without that serial, whether it was there or not.
  SerialTable without(const x509::SerialNumber& serial) const;

  // Since when it is revoked; nothing when it is not. sort() came before.
  std::optional<UnixSeconds> find(const x509::SerialNumber& serial) const;
  std::size_t size() const;
  std::size_t memory() const;  // octets held

  // Every entry, shortest serials first.
  template <typename Visit>  // void(ByteView magnitude, UnixSeconds since)
  void for_each(Visit visit) const {
    for (const Bucket& bucket : buckets_) {
      for (std::size_t i = 0; i < bucket.since.size(); ++i) {
        visit(bucket.serial(i), UnixSeconds{bucket.since[i]});
      }
    }
  }

 private:
  // All serials of one length, back to back.
  struct Bucket {
    std::size_t width = 0;
    Bytes serials;
    std::vector<std::uint32_t> since;  // seconds since 1970; held at the ends of what fits
    ByteView serial(std::size_t i) const { return ByteView(serials).subspan(i * width, width); }
    void append(const Bucket& more);
    std::optional<std::size_t> place_of(ByteView wanted) const;  // sorted; a serial of this length
    void sort();
    void remove(std::size_t i);
    std::size_t memory() const;

   private:
    // Once they are sorted: octets, from the first on, that all have in common; a number made of the next eight of the
    // first one; and where those begin of which that number, less the first one's and times `scale`, is so much.
    std::size_t common = 0;
    std::uint64_t first = 0;
    double scale = 0;
    std::vector<std::uint32_t> directory;

    std::uint64_t key(ByteView serial) const;
    std::size_t directory_place(std::uint64_t key) const;
    void make_directory();
    int compare(std::size_t a, std::size_t b) const;
    static constexpr std::size_t kFew = 24;
    struct Held;
    void copy(std::uint8_t* to, const std::uint8_t* from) const;
    void take(Held& to, std::size_t i) const;
    void put(std::size_t i, const Held& from);
    void sort(std::size_t begin, std::size_t end, std::size_t octet);
    void sort_few(std::size_t begin, std::size_t end, std::size_t octet);
    void bring_home(std::array<std::size_t, 256>& next, std::size_t value, std::size_t octet);
    void drop_repeated();
    void give_back_room();
  };
  std::array<Bucket, x509::SerialNumber::kMost + 1> buckets_;
};

}  // namespace symbolon::revocation
