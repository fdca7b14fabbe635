// Whatever a CRL holds: it is read without a crash, the same however it comes in pieces, and what fails says so with a
// crl_ code.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "revocation/crl_parser.h"
#include "revocation/crl_reader.h"

namespace {

using namespace symbolon;

bool is_crl_code(Code code) { return name(code).starts_with("crl_") || code == Code::pem_malformed; }

// No more than a few octets at a time.
class Drips final : public OctetSource {
 public:
  Drips(ByteView octets, std::size_t most) : rest_(octets), most_(most) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t count = std::min({into.size(), rest_.size(), most_});
    std::ranges::copy(rest_.first(count), into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteView rest_;
  std::size_t most_;
};

struct Seen {
  std::optional<Error> failed;
  std::size_t entries = 0;
  std::size_t signed_octets = 0;
};

Seen look(OctetSource& source, std::size_t size) {
  Seen out;
  const auto note = [&](const auto& result) {
    if (!result) out.failed = result.error();
    return result.has_value();
  };
  revocation::CrlStream stream(source, revocation::Deltas::take);
  revocation::SerialTable table;
  const auto head = stream.head();
  if (!note(head)) return out;
  stream.tap_signed([&](ByteView octets) { out.signed_octets += octets.size(); });
  const Status walked = stream.entries([&](const revocation::CrlEntry& entry) {
    ENSURE(!entry.serial.empty() && entry.serial.size() < entry.octets && entry.octets <= size);
    ++out.entries;
    if (const auto serial = x509::SerialNumber::from_der_content(entry.serial)) table.add(*serial, entry.since);
  });
  ENSURE(out.entries * 17 <= size);  // an entry has at least a serial and a time
  table.sort();
  ENSURE(table.size() <= out.entries);
  if (note(walked)) note(stream.tail());
  ENSURE(out.signed_octets <= size);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  ViewSource whole(input);
  const Seen at_once = look(whole, size);
  Drips drips(input, 3);
  const Seen in_pieces = look(drips, size);
  ENSURE(at_once.failed.has_value() == in_pieces.failed.has_value());
  ENSURE(at_once.entries == in_pieces.entries && at_once.signed_octets == in_pieces.signed_octets);
  if (at_once.failed) {
    ENSURE(is_crl_code(at_once.failed->code) && at_once.failed->code == in_pieces.failed->code);
    ENSURE(at_once.failed->words == in_pieces.failed->words);
  }
  ENSURE(at_once.failed || revocation::for_each_entry(input, [](const revocation::CrlEntry&) {}));
  // Nobody is known, so nothing can be accepted.
  Drips again(input, 61);
  const auto files =
      revocation::read_crls(again, {}, {.now = UnixSeconds{1'800'000'000}, .deltas = revocation::Deltas::take});
  ENSURE(!files && is_crl_code(files.error().code));
  return 0;
}
