#include "authority/ticket_key_rings.h"

#include <algorithm>

#include "crypto/digest.h"

namespace symbolon::authority {
namespace {

std::string new_generation() { return to_hex(crypto::random_bytes(16)); }

Status check_domain(const std::string& name) {
  const auto octets = from_hex(name);
  if (octets && octets->size() == crypto::Sha256{}.size()) return {};
  return fail(Code::bad_request, "'{}' is no domain: 64 hexadecimal digits are expected", name);
}

// Name and keys as they stand one behind the other.
static_assert(sizeof(tls::TicketKey) == api::TicketKey::kOctets);
Secret text_of(const tls::TicketKey& key) {
  std::string text = to_base64({reinterpret_cast<const std::uint8_t*>(&key), sizeof(key)});
  Secret out(text);
  explicit_bzero(text.data(), text.size());
  return out;
}

}  // namespace

TicketKeyRings::TicketKeyRings(const Clock& clock) : clock_(clock), generation_(new_generation()) {}

Result<api::TicketKeysAnswer> TicketKeyRings::give(const api::TicketKeysRequest& request) {
  if (request.domains.empty()) return fail(Code::bad_request, "'domains': at least one is expected");
  for (const std::string& name : request.domains) TRY(check_domain(name));
  const std::lock_guard lock(mutex_);
  api::TicketKeysAnswer out{.generation = generation_, .domains = {}};
  for (const std::string& name : request.domains) {
    api::TicketDomain& domain = out.domains.emplace_back();
    domain.name = name;
    ring_of(name).give([&](const tls::TicketKey& key, Seconds age) {
      domain.keys.emplace_back().key = text_of(key);
      domain.keys.back().age = age;
    });
  }
  return out;
}

tls::TicketKeys& TicketKeyRings::ring_of(const std::string& domain) {
  ++calls_;
  if (const auto found = rings_.find(domain); found != rings_.end()) {
    found->second.named = calls_;
    return found->second.keys;
  }
  if (rings_.size() >= kMostDomains) {
    rings_.erase(std::ranges::min_element(rings_, {}, [](const auto& one) { return one.second.named; }));
  }
  const auto added = rings_.try_emplace(domain, clock_).first;
  added->second.named = calls_;
  return added->second.keys;
}

std::string TicketKeyRings::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

void TicketKeyRings::replace() {
  const std::lock_guard lock(mutex_);
  rings_.clear();
  generation_ = new_generation();
}

void TicketKeyRings::drop_old() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, ring] : rings_) ring.keys.drop_old();
  std::erase_if(rings_, [](const auto& one) { return one.second.keys.size() == 0; });
}

std::size_t TicketKeyRings::size() const {
  const std::lock_guard lock(mutex_);
  return rings_.size();
}

}  // namespace symbolon::authority
