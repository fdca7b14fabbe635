#include "check/chain_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "x509/path_rules.h"

namespace symbolon::check {
namespace {

using x509::Certificate;
using P = CertificateProblem;

class Facts {
 public:
  Facts(const std::vector<Certificate>& chain, PeerRole role, UnixSeconds at) : chain_(chain), role_(role), at_(at) {}

  std::vector<Finding> take() {
    look_at_dates();
    look_at_usages();
    look_at_algorithms();
    if (auto problem = order_problem(chain_)) add(P::chain_order, *std::move(problem));
    look_at_what_is_left();
    return std::move(out_);
  }

 private:
  void add(P problem, std::string words) {
    out_.push_back({certificate_code(role_, problem), Certainty::proven, side(), std::move(words)});
  }
  Side side() const { return role_ == PeerRole::client ? Side::client : Side::server; }

  void look_at_dates() {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      const Certificate& one = chain_[i];
      const auto& [not_before, not_after] = one.validity();
      if (at_ > not_after) {
        add(i == 0 ? P::expired : P::issuer_expired,
            fmt::format("{} ended {}, {} ago", one.text(), to_rfc3339(not_after), to_words(at_ - not_after)));
      } else if (at_ < not_before) {
        add(i == 0 ? P::not_yet_valid : P::issuer_not_yet_valid,
            fmt::format("{} begins {}, in {}", one.text(), to_rfc3339(not_before), to_words(not_before - at_)));
      }
    }
  }

  void look_at_usages() {
    const Certificate& leaf = chain_.front();
    const bool client = role_ == PeerRole::client;
    const auto wanted = client ? x509::eku::kClientAuth : x509::eku::kServerAuth;
    const auto& usages = leaf.extended_key_usage();
    const auto allows = [&](const std::string& oid) { return oid == wanted || (client && oid == x509::eku::kAny); };
    if (!usages.empty() && std::ranges::none_of(usages, allows)) {
      add(P::wrong_extended_key_usage,
          fmt::format("{} has an extKeyUsage without {}", leaf.text(), client ? "clientAuth" : "serverAuth"));
    }
    const auto key_usage = leaf.key_usage();
    if (key_usage && (*key_usage & x509::digital_signature) == 0) {
      add(P::wrong_key_usage, fmt::format("{} has a keyUsage without digitalSignature", leaf.text()));
    }
    if (leaf.is_ca()) add(P::is_ca, fmt::format("{} is a CA", leaf.text()));
  }

  void look_at_algorithms() {
    for (const Certificate& one : chain_) {
      if (const auto weakness = x509::weakness_of(one.public_key())) {
        add(P::weak_key, fmt::format("{}: {}", one.text(), *weakness));
        break;
      }
    }
    for (const Certificate& one : chain_) {
      if (one.self_issued() || !x509::is_weak_signature(one)) continue;  // nobody checks what a root says of itself
      add(P::weak_signature, fmt::format("{} is signed with {}", one.text(), one.signature_algorithm()));
      break;
    }
  }

  void look_at_what_is_left() {
    for (const Certificate& one : chain_) {
      const auto& [not_before, not_after] = one.validity();
      if (at_ < not_before || at_ > not_after || not_after - at_ >= soon(one)) continue;
      add(P::expires_soon,
          fmt::format("{} ends {}, in {}", one.text(), to_rfc3339(not_after), to_words(not_after - at_)));
      return;
    }
  }

  const std::vector<Certificate>& chain_;
  PeerRole role_;
  UnixSeconds at_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> chain_facts(const std::vector<Certificate>& chain, PeerRole role, UnixSeconds at) {
  if (chain.empty()) return {};
  return Facts(chain, role, at).take();
}

std::optional<std::string> order_problem(const std::vector<Certificate>& chain) {
  // RFC 8446 §4.4.2: "Each following certificate SHOULD directly certify the one immediately preceding it."
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const Certificate& before = chain[i - 1];
    if (chain[i] == before) continue;  // surplus
    if (before.self_issued() || before.issuer() == chain[i].subject()) continue;
    const auto issuer = std::find_if(chain.begin(), chain.end(),
                                     [&](const Certificate& one) { return one.subject() == before.issuer(); });
    if (issuer == chain.end()) continue;
    return fmt::format("behind {} stands {}; its issuer {} stands at place {}", before.text(), chain[i].text(),
                       issuer->text(), issuer - chain.begin());
  }
  return {};
}

Seconds soon(const Certificate& certificate) {
  const Seconds life = certificate.validity().not_after - certificate.validity().not_before;
  return std::min(Seconds{life.count / 10}, kDay * 30);
}

void append_new(std::vector<Finding>& to, std::vector<Finding> from) {
  for (Finding& finding : from) {
    if (std::ranges::find(to, finding.code, &Finding::code) == to.end()) to.push_back(std::move(finding));
  }
}

}  // namespace symbolon::check
