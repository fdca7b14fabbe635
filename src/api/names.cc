// The values of the wire's enumerations.
#include <array>
#include <utility>

#include "api/members.h"
#include "api/schema.h"

namespace symbolon::api {

namespace {

constexpr std::array<std::pair<CertificateState, std::string_view>, 4> kStates{{
    {CertificateState::reserved, "reserved"},
    {CertificateState::issued, "issued"},
    {CertificateState::revoked, "revoked"},
    {CertificateState::abandoned, "abandoned"},
}};

struct ReasonName {
  RevocationReason reason;
  std::string_view ours;
  std::string_view standard;  // RFC 5280 §5.3.1
};
constexpr std::array<ReasonName, 9> kReasons{{
    {RevocationReason::unspecified, "unspecified", "unspecified"},
    {RevocationReason::key_compromise, "key_compromise", "keyCompromise"},
    {RevocationReason::ca_compromise, "ca_compromise", "cACompromise"},
    {RevocationReason::affiliation_changed, "affiliation_changed", "affiliationChanged"},
    {RevocationReason::superseded, "superseded", "superseded"},
    {RevocationReason::cessation_of_operation, "cessation_of_operation", "cessationOfOperation"},
    {RevocationReason::certificate_hold, "certificate_hold", "certificateHold"},
    {RevocationReason::remove_from_crl, "remove_from_crl", "removeFromCRL"},
    {RevocationReason::privilege_withdrawn, "privilege_withdrawn", "privilegeWithdrawn"},
}};

constexpr std::array<std::pair<RevocationOutcome, std::string_view>, 2> kOutcomes{{
    {RevocationOutcome::revoked, "revoked"},
    {RevocationOutcome::was_revoked_already, "was_revoked_already"},
}};

constexpr std::array<std::pair<ReleaseOutcome, std::string_view>, 2> kReleases{{
    {ReleaseOutcome::released, "released"},
    {ReleaseOutcome::was_released_already, "was_released_already"},
}};

constexpr std::array<std::pair<ClockOutcome, std::string_view>, 2> kClockOutcomes{{
    {ClockOutcome::accepted, "accepted"},
    {ClockOutcome::not_behind, "not_behind"},
}};

constexpr std::array<std::pair<RollbackOutcome, std::string_view>, 2> kRollbackOutcomes{{
    {RollbackOutcome::accepted, "accepted"},
    {RollbackOutcome::not_behind, "not_behind"},
}};

constexpr std::array<std::pair<HandBackAnswer::Outcome, std::string_view>, 3> kHandBackOutcomes{{
    {HandBackAnswer::Outcome::done, "done"},
    {HandBackAnswer::Outcome::go_on, "go_on"},
    {HandBackAnswer::Outcome::given_up, "given_up"},
}};

constexpr std::array<std::pair<GatewayPhase, std::string_view>, 3> kPhases{{
    {GatewayPhase::starting, "starting"},
    {GatewayPhase::serving, "serving"},
    {GatewayPhase::draining, "draining"},
}};

template <typename Table, typename Key>
std::string_view name_in(const Table& table, Key key) {
  for (const auto& [value, text] : table) {
    if (value == key) return text;
  }
  abort_with(__FILE__, __LINE__, "a value of the enumeration");
}

template <typename Table>
std::vector<std::string> names_in(const Table& table) {
  std::vector<std::string> out;
  for (const auto& [value, text] : table) out.emplace_back(text);
  return out;
}

template <typename Key, std::size_t N>
std::optional<Key> find_in(const std::array<std::pair<Key, std::string_view>, N>& table, std::string_view name) {
  for (const auto& [value, text] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(CertificateState state) { return name_in(kStates, state); }
std::string_view name(RevocationOutcome outcome) { return name_in(kOutcomes, outcome); }
std::string_view name(ReleaseOutcome outcome) { return name_in(kReleases, outcome); }
std::string_view name(ClockOutcome outcome) { return name_in(kClockOutcomes, outcome); }
std::string_view name(RollbackOutcome outcome) { return name_in(kRollbackOutcomes, outcome); }
std::string_view name(HandBackAnswer::Outcome outcome) { return name_in(kHandBackOutcomes, outcome); }
std::string_view name(GatewayPhase phase) { return name_in(kPhases, phase); }
std::string_view name(RevocationReason reason) {
  for (const ReasonName& row : kReasons) {
    if (row.reason == reason) return row.ours;
  }
  abort_with(__FILE__, __LINE__, "a value of the enumeration");
}

std::vector<std::string> spellings(CertificateState) { return names_in(kStates); }
std::vector<std::string> spellings(RevocationOutcome) { return names_in(kOutcomes); }
std::vector<std::string> spellings(ReleaseOutcome) { return names_in(kReleases); }
std::vector<std::string> spellings(GatewayPhase) { return names_in(kPhases); }
std::vector<std::string> spellings(ClockOutcome) { return names_in(kClockOutcomes); }
std::vector<std::string> spellings(RollbackOutcome) { return names_in(kRollbackOutcomes); }
std::vector<std::string> spellings(HandBackAnswer::Outcome) { return names_in(kHandBackOutcomes); }
std::vector<std::string> spellings(RevocationReason) {
  std::vector<std::string> out;
  for (const ReasonName& row : kReasons) {
    out.emplace_back(row.ours);
    if (row.standard != row.ours) out.emplace_back(row.standard);
  }
  return out;
}

std::optional<CertificateState> state_from_name(std::string_view name) { return find_in(kStates, name); }
std::optional<RevocationOutcome> outcome_from_name(std::string_view name) { return find_in(kOutcomes, name); }
std::optional<ReleaseOutcome> release_outcome_from_name(std::string_view name) { return find_in(kReleases, name); }
std::optional<ClockOutcome> clock_outcome_from_name(std::string_view name) { return find_in(kClockOutcomes, name); }
std::optional<RollbackOutcome> rollback_outcome_from_name(std::string_view name) {
  return find_in(kRollbackOutcomes, name);
}
std::optional<HandBackAnswer::Outcome> hand_back_outcome_from_name(std::string_view name) {
  return find_in(kHandBackOutcomes, name);
}
std::optional<GatewayPhase> phase_from_name(std::string_view name) { return find_in(kPhases, name); }
std::optional<RevocationReason> reason_from_name(std::string_view name) {
  for (const ReasonName& row : kReasons) {
    if (row.ours == name || row.standard == name) return row.reason;
  }
  return std::nullopt;
}

}  // namespace symbolon::api
