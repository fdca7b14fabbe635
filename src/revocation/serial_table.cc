#include "revocation/serial_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <numeric>

namespace symbolon::revocation {
namespace {

// The first eight octets, or what there is and zeros.
std::uint64_t big_endian(ByteView octets) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> first{};
  std::memcpy(first.data(), octets.data(), std::min(octets.size(), first.size()));
  std::uint64_t out = 0;
  for (const std::uint8_t octet : first) out = out << 8U | octet;
  return out;
}

}  // namespace

void SerialTable::add(const x509::SerialNumber& serial, UnixSeconds since) {
  const ByteView octets = serial.magnitude();
  Bucket& bucket = buckets_[octets.size()];
  bucket.width = octets.size();
  bucket.serials.insert(bucket.serials.end(), octets.begin(), octets.end());
  bucket.since.push_back(
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(since.count, 0, std::numeric_limits<std::uint32_t>::max())));
}

void SerialTable::append(const SerialTable& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i].append(other.buckets_[i]);
}

void SerialTable::will_grow(double times) {
  constexpr double kReserve = 1.01;  // for buckets that differ a little
  for (Bucket& bucket : buckets_) {
    const auto count = static_cast<std::size_t>(static_cast<double>(bucket.since.size()) * times * kReserve);
    bucket.serials.reserve(count * bucket.width);
    bucket.since.reserve(count);
  }
}

void SerialTable::sort() {
  for (Bucket& bucket : buckets_) bucket.sort();
}

void SerialTable::Bucket::sort() {
  if (!directory.empty() && directory.back() == since.size()) return;  // nothing was added since
  bool sorted = true;
  for (std::size_t i = 1; i < since.size() && sorted; ++i) sorted = compare(i - 1, i) < 0;
  if (!sorted) {
    sort(0, since.size(), 0);
    drop_repeated();
  }
  give_back_room();
  make_directory();
}

std::uint64_t SerialTable::Bucket::key(ByteView serial) const { return big_endian(serial.subspan(common)); }

std::size_t SerialTable::Bucket::directory_place(std::uint64_t key) const {
  const double place = static_cast<double>(key - first) * scale;
  return static_cast<std::size_t>(std::min(place, static_cast<double>(directory.size() - 2)));
}

// Serials are drawn at random, most of the time: then the parts that the directory tells apart are of about one size.
void SerialTable::Bucket::make_directory() {
  constexpr std::size_t kEntriesInPart = 16;
  directory = {};
  common = 0;
  if (since.empty()) return;
  const ByteView lowest = serial(0);
  const ByteView highest = serial(since.size() - 1);
  while (common < width && lowest[common] == highest[common]) ++common;
  first = key(lowest);
  const std::uint64_t range = key(highest) - first;
  const std::size_t parts = since.size() / kEntriesInPart + 1;
  scale = range == 0 ? 0 : static_cast<double>(parts) / static_cast<double>(range);
  directory.assign(parts + 1, static_cast<std::uint32_t>(since.size()));
  for (std::size_t i = since.size(); i-- > 0;)
    directory[directory_place(key(serial(i)))] = static_cast<std::uint32_t>(i);
  for (std::size_t part = parts; part-- > 0;) directory[part] = std::min(directory[part], directory[part + 1]);
}

int SerialTable::Bucket::compare(std::size_t a, std::size_t b) const {
  return std::memcmp(serials.data() + a * width, serials.data() + b * width, width);
}

// A serial of this length. The usual lengths are copied by two instructions.
void SerialTable::Bucket::copy(std::uint8_t* to, const std::uint8_t* from) const {
  switch (width) {
    case 16: std::memcpy(to, from, 16); break;
    case 20: std::memcpy(to, from, 20); break;
    default: std::memcpy(to, from, width);
  }
}

// An entry that was taken out of its place.
struct SerialTable::Bucket::Held {
  std::array<std::uint8_t, x509::SerialNumber::kMost> serial;
  std::uint32_t since;
};

void SerialTable::Bucket::take(Held& to, std::size_t i) const {
  copy(to.serial.data(), serials.data() + i * width);
  to.since = since[i];
}

void SerialTable::Bucket::put(std::size_t i, const Held& from) {
  copy(serials.data() + i * width, from.serial.data());
  since[i] = from.since;
}

// Those that have the octets before `octet` in common; at most kFew. Their order is found by numbers beside them.
void SerialTable::Bucket::sort_few(std::size_t begin, std::size_t end, std::size_t octet) {
  struct Place {
    std::uint64_t key;
    std::size_t at;
  };
  std::array<Place, kFew> places;  // NOLINT: as many as there are get a value
  std::array<Held, kFew> entries;  // NOLINT: likewise
  const std::size_t count = end - begin;
  for (std::size_t i = 0; i < count; ++i) {
    const Place own{big_endian(serial(begin + i).subspan(octet)), i};
    take(entries[i], begin + i);
    std::size_t j = i;
    for (; j > 0; --j) {
      const Place& before = places[j - 1];
      if (before.key < own.key) break;
      if (before.key == own.key && compare(begin + before.at, begin + i) <= 0) break;
      places[j] = before;
    }
    places[j] = own;
  }
  for (std::size_t i = 0; i < count; ++i) put(begin + i, entries[places[i].at]);
}

// By the octets from `octet` on, in place, so that a million entries need no second room: those of each value of that
// octet are brought together, then sorted by the next one. At most `width` levels deep.
void SerialTable::Bucket::sort(std::size_t begin, std::size_t end, std::size_t octet) {
  while (octet < width && end - begin > kFew) {
    std::array<std::size_t, 257> bounds{};
    for (std::size_t i = begin; i < end; ++i) ++bounds[serials[i * width + octet] + 1U];
    bounds[0] = begin;
    std::partial_sum(bounds.begin(), bounds.end(), bounds.begin());
    std::array<std::size_t, 256> next{};
    std::copy_n(bounds.begin(), next.size(), next.begin());
    for (std::size_t value = 0; value < next.size(); ++value) {
      for (; next[value] < bounds[value + 1]; ++next[value]) bring_home(next, value, octet);
    }
    ++octet;
    const auto whole = std::ranges::adjacent_find(
        bounds, [&](std::size_t from, std::size_t to) { return from == begin && to == end; });
    if (whole != bounds.end()) continue;  // all have the same octet there
    for (std::size_t value = 0; value < next.size(); ++value) sort(bounds[value], bounds[value + 1], octet);
    return;
  }
  if (octet < width) sort_few(begin, end, octet);
}

// The entry at next[value], and whoever stands in its place, and so on, until one comes that belongs to `value`.
void SerialTable::Bucket::bring_home(std::array<std::size_t, 256>& next, std::size_t value, std::size_t octet) {
  const std::size_t begin = next[value];
  if (serials[begin * width + octet] == value) return;
  Held moving;    // NOLINT: take() gives it a value
  Held standing;  // NOLINT: likewise
  take(moving, begin);
  while (moving.serial[octet] != value) {
    const std::size_t place = next[moving.serial[octet]]++;
    take(standing, place);
    put(place, moving);
    std::swap(moving, standing);
  }
  put(begin, moving);
}

void SerialTable::Bucket::drop_repeated() {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < since.size(); ++i) {
    if (compare(kept, i) == 0) {
      since[kept] = std::min(since[kept], since[i]);
    } else if (++kept != i) {
      std::memcpy(serials.data() + kept * width, serials.data() + i * width, width);
      since[kept] = since[i];
    }
  }
  since.resize(kept + 1);
  serials.resize(since.size() * width);
}

// What was never written to costs nothing; to move many for a little would need room for both at once.
void SerialTable::Bucket::give_back_room() {
  constexpr std::size_t kMany = 100'000;
  const std::size_t spare = since.size() < kMany ? 0 : since.size() / 8;
  if (since.capacity() - since.size() > spare) since.shrink_to_fit();
  if (serials.capacity() - serials.size() > spare * width) serials.shrink_to_fit();
}

void SerialTable::Bucket::append(const Bucket& more) {
  if (more.since.empty()) return;
  width = more.width;
  serials.insert(serials.end(), more.serials.begin(), more.serials.end());
  since.insert(since.end(), more.since.begin(), more.since.end());
}

SerialTable SerialTable::merged_with(const SerialTable& other) const {
  SerialTable out = *this;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (other.buckets_[i].since.empty()) continue;
    out.buckets_[i].append(other.buckets_[i]);
    out.buckets_[i].sort();
  }
  return out;
}

SerialTable SerialTable::without(const x509::SerialNumber& serial) const {
  SerialTable out = *this;
  Bucket& bucket = out.buckets_[serial.magnitude().size()];
  if (const auto at = bucket.place_of(serial.magnitude())) bucket.remove(*at);
  return out;
}

void SerialTable::Bucket::remove(std::size_t i) {
  const auto begin = serials.begin() + static_cast<std::ptrdiff_t>(i * width);
  serials.erase(begin, begin + static_cast<std::ptrdiff_t>(width));
  since.erase(since.begin() + static_cast<std::ptrdiff_t>(i));
  make_directory();
}

// Each look is one at memory that is in no cache, so what counts is how many there are, and that they are neighbours.
// Within its part of the directory a serial's place is guessed from its value; from there on steps double until they
// are beyond it, so that serials that were not drawn at random cost some looks more.
std::optional<std::size_t> SerialTable::Bucket::place_of(ByteView wanted) const {
  if (since.empty() || std::memcmp(serials.data(), wanted.data(), common) != 0) return std::nullopt;
  const std::uint64_t wanted_key = key(wanted);
  if (wanted_key < first) return std::nullopt;
  const auto order_at = [&](std::size_t i) {
    const std::uint64_t there = key(serial(i));
    if (there != wanted_key) return there < wanted_key ? -1 : 1;
    return std::memcmp(serial(i).data(), wanted.data(), wanted.size());
  };
  const std::size_t part = directory_place(wanted_key);
  std::size_t low = directory[part];
  std::size_t high = directory[part + 1];  // it lies before this, if it is there
  if (low == high) return std::nullopt;

  const double within = std::min(static_cast<double>(wanted_key - first) * scale - static_cast<double>(part), 1.0);
  const std::size_t at = std::min(low + static_cast<std::size_t>(within * static_cast<double>(high - low)), high - 1);
  std::size_t step = 1;
  if (order_at(at) < 0) {
    low = at + 1;
    for (; high - low > step && order_at(low + step) < 0; step *= 2) low += step + 1;
    if (high - low > step) high = low + step + 1;
  } else {
    high = at + 1;
    for (; high - low > step && order_at(high - step) > 0; step *= 2) high -= step;
    if (high - low > step) low = high - step;
  }
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = order_at(middle);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::optional<UnixSeconds> SerialTable::find(const x509::SerialNumber& serial) const {
  const Bucket& bucket = buckets_[serial.magnitude().size()];
  const auto at = bucket.place_of(serial.magnitude());
  return at ? std::optional(UnixSeconds{bucket.since[*at]}) : std::nullopt;
}

std::size_t SerialTable::size() const {
  std::size_t count = 0;
  for (const Bucket& bucket : buckets_) count += bucket.since.size();
  return count;
}

std::size_t SerialTable::memory() const {
  std::size_t octets = 0;
  for (const Bucket& bucket : buckets_) octets += bucket.memory();
  return octets;
}

std::size_t SerialTable::Bucket::memory() const {
  return serials.capacity() + (since.capacity() + directory.capacity()) * sizeof(std::uint32_t);
}

}  // namespace symbolon::revocation
