// The revoked serials of one issuer: sorted, packed, at most 24 octets an entry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "x509/serial_number.h"

namespace symbolon::revocation {

// Immutable once built; lookup is a binary search. An entry is the serial's magnitude and four octets of time.
class SerialTable {
 public:
  SerialTable() = default;

  // Unsorted input; add() as often as you like, then sort() once. A serial that comes twice keeps its earliest time.
  void add(const x509::SerialNumber& serial, UnixSeconds since);
  void sort();
  // This and the other, both sorted.
  SerialTable merged_with(const SerialTable& other) const;

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
    void sort();
  };
  std::array<Bucket, x509::SerialNumber::kMost + 1> buckets_;
};

}  // namespace symbolon::revocation
