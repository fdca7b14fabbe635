// The judgement of a session that a client offers to resume: the same as that of a new handshake, over the chain by
// which its client was admitted, and that it is not too old and for this listener, route, trust and server name.
// Private to this folder.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "tls/context.h"
#include "tls/session_facts.h"

namespace symbolon::tls {

struct OfferedSession {
  ByteView appdata;                       // of the ticket, as it was sealed
  std::optional<x509::Certificate> leaf;  // in it; none: its client was anonymous
  crypto::Sha256 context{};               // of this ClientHello
};

// One that may be resumed.
struct JudgedSession {
  std::shared_ptr<const Admission> admission;  // null: anonymous
  SessionFacts facts;
};

// Why it may not: a code of the table (the judgement's), or one of these. The views last.
inline constexpr std::string_view kTicketUnknown = "ticket_unknown";  // its key is not ours, or not any more
inline constexpr std::string_view kTicketMalformed = "ticket_malformed";
inline constexpr std::string_view kTicketOfAnotherContext = "ticket_of_another_context";
inline constexpr std::string_view kTicketTooOld = "ticket_too_old";
inline constexpr std::string_view kTicketPathUnknown = "ticket_path_unknown";
inline constexpr std::string_view kNoExtendedMasterSecret = "no_extended_master_secret";

// `route` has tickets.
std::expected<JudgedSession, std::string_view> judge_session(const ServerContext& route, const OfferedSession& offered);

// How long a ticket with these facts is good from now on: until the lifetime since the full handshake, or the first
// certificate of the path, has ended.
Seconds remaining_life(const SessionFacts& facts, Seconds lifetime, UnixSeconds now);

}  // namespace symbolon::tls
