// Whatever JSON a peer sends: the first octet picks the object, the rest is its text. What is accepted is written and
// read back the same; what is refused is refused with bad_request.
#include <cstdint>
#include <string_view>

#include "api/codec.h"

namespace {

using namespace symbolon;

// What has secrets is not compared but as text.
template <typename T>
bool same(const T& one, const T& other) {
  if constexpr (requires { one == other; }) return one == other;
  return api::encode(one) == api::encode(other);
}

template <typename T>
void check(std::string_view text) {
  const auto object = api::decode<T>(text);
  if (!object) {
    ENSURE(object.error().code == Code::bad_request);
    ENSURE(!object.error().words.empty());
    return;
  }
  const auto back = api::decode<T>(api::encode(*object));
  ENSURE(back.has_value() && same(*back, *object));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'i': check<api::IssueRequest>(text); break;
    case 'I': check<api::IssueAnswer>(text); break;
    case 'l': check<api::ListPage>(text); break;
    case 'd': check<api::CertificateDetails>(text); break;
    case 'r': check<api::RevocationRequest>(text); break;
    case 'R': check<api::RevocationAnswer>(text); break;
    case 'f': check<api::FeedPage>(text); break;
    case 'h': check<api::HandBackRequest>(text); break;
    case 'H': check<api::HandBackAnswer>(text); break;
    case 'o': check<api::HeadsAnswer>(text); break;
    case 'O': check<api::SignedHead>(text); break;
    case 'V': check<api::LedgerVerifyRequest>(text); break;
    case 'a': check<api::RollbackAcceptance>(text); break;
    case 'p': check<api::ProfileList>(text); break;
    case 'c': check<api::IssuerList>(text); break;
    case 's': check<api::StatusInfo>(text); break;
    case 'v': check<api::LedgerVerifyAnswer>(text); break;
    case 'b': check<api::LedgerBackupRequest>(text); break;
    case 'B': check<api::LedgerBackupAnswer>(text); break;
    case 'k': check<api::ClockAcceptance>(text); break;
    case 'g': check<api::GatewayStatus>(text); break;
    case 'e': check<api::SeenCertificate>(text); break;
    case 'E': check<api::SeenPage>(text); break;
    case 't': check<api::TicketKeysRequest>(text); break;
    case 'T': check<api::TicketKeysAnswer>(text); break;
    default: check<api::Progress>(text); break;
  }
  return 0;
}
