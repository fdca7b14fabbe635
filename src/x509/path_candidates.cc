#include "x509/path_candidates.h"

#include <algorithm>
#include <tuple>

namespace symbolon::x509 {
namespace {

constexpr unsigned kMostPartials = 1024;  // pushed in one search; each is held against all that was sent

bool identifiers_disagree(const Certificate& subject, const Certificate& issuer) {
  const auto& claimed = subject.authority_key_identifier();
  const auto& actual = issuer.subject_key_identifier();
  return claimed && actual && *claimed != *actual;
}

bool shares_organization(const DistinguishedName& name, const TrustBundle& trust) {
  const std::vector<std::string> organizations = name.values("O");
  return std::ranges::any_of(trust.anchors(), [&](const Certificate& anchor) {
    return std::ranges::any_of(anchor.subject().values("O"), [&](const std::string& organization) {
      return std::ranges::find(organizations, organization) != organizations.end();
    });
  });
}

}  // namespace

bool PathCandidates::Partial::operator<(const Partial& other) const {
  // Of equals the longer is followed first, so that a search among many CAs of one name comes to an end somewhere.
  const auto key = [](const Partial& p) {
    return std::tuple(p.mismatches, p.untimely, -static_cast<int>(p.places.size()), p.sequence);
  };
  return key(*this) > key(other);
}

PathCandidates::PathCandidates(std::span<const Certificate> presented, const TrustBundle& trust, UnixSeconds at)
    : presented_(presented), trust_(trust), at_(at) {
  const Partial leaf{.places = {0}};
  deepest_ = leaf;
  // A pinned leaf is its own anchor.
  for (const std::size_t place : trust.with_subject(presented[0].subject())) {
    if (trust.anchors()[place] == presented[0]) {
      push({.places = {static_cast<Place>(presented.size() + place)}, .complete = true});
    }
  }
  push(leaf);
}

const Certificate& PathCandidates::at(Place place) const {
  return is_anchor(place) ? trust_.anchors()[place - presented_.size()] : presented_[place];
}

void PathCandidates::push(Partial partial) {
  if (sequence_ >= kMostPartials) {
    too_complex_ = true;
    return;
  }
  partial.sequence = sequence_++;
  queue_.push(std::move(partial));
}

std::optional<std::vector<Certificate>> PathCandidates::next() {
  while (!queue_.empty()) {
    const Partial partial = queue_.top();
    queue_.pop();
    const auto& places = partial.places;
    bool ruled_out = false;
    for (std::size_t i = 0; i + 1 < places.size() && !ruled_out; ++i) {
      ruled_out = ruled_out_.contains({at(places[i]).fingerprint(), at(places[i + 1]).fingerprint()});
    }
    if (ruled_out) continue;
    if (!partial.complete) {
      extend(partial);
      continue;
    }
    std::vector<Certificate> path;
    for (const Place place : places) path.push_back(at(place));
    return path;
  }
  return std::nullopt;
}

void PathCandidates::rule_out(const Certificate& subject, const Certificate& issuer) {
  ruled_out_.emplace(subject.fingerprint(), issuer.fingerprint());
}

// RFC 4158 §2.4.2: the same name with the same key twice leads in a circle.
bool PathCandidates::repeats(const Partial& path, const Certificate& next) const {
  return std::ranges::any_of(path.places, [&](Place place) {
    const Certificate& seen = at(place);
    return seen == next ||
           (seen.public_key().spki_sha256() == next.public_key().spki_sha256() && seen.subject() == next.subject());
  });
}

bool PathCandidates::add_step(const Partial& from, Place issuer) {
  const Certificate& subject = at(from.places.back());
  const Certificate& candidate = at(issuer);
  if (from.places.size() + 1 > PathLimits::kCertificates) {
    too_complex_ = true;
    return false;
  }
  Partial longer = from;
  longer.places.push_back(issuer);
  if (identifiers_disagree(subject, candidate)) ++longer.mismatches;
  const auto [not_before, not_after] = candidate.validity();
  if (at_ < not_before || at_ > not_after) ++longer.untimely;
  longer.complete = is_anchor(issuer);
  push(std::move(longer));
  return true;
}

void PathCandidates::extend(const Partial& from) {
  const Certificate& tip = at(from.places.back());
  bool extended = false;
  for (const std::size_t place : trust_.with_subject(tip.issuer())) {
    if (repeats(from, trust_.anchors()[place])) continue;
    extended = add_step(from, static_cast<Place>(presented_.size() + place)) || extended;
  }
  for (std::size_t i = 1; i < presented_.size() && sequence_ < kMostPartials; ++i) {
    const Certificate& candidate = presented_[i];
    if (candidate.subject() != tip.issuer() || repeats(from, candidate) || trust_.contains(candidate)) continue;
    extended = add_step(from, static_cast<Place>(i)) || extended;
  }
  if (extended) return;
  const auto key = [](const Partial& p) { return std::tuple(p.mismatches, -static_cast<int>(p.places.size())); };
  if (deepest_.places.size() == 1 || key(from) < key(deepest_)) deepest_ = from;
}

PathCandidates::DeadEnd PathCandidates::dead_end() const {
  DeadEnd end;
  for (const Place place : deepest_.places) end.path.push_back(at(place));
  const Certificate& tip = end.path.back();
  const std::size_t index = end.path.size() - 1;
  end.fault = {CertificateProblem::untrusted_issuer, index, "RFC 5280 §6.1", {}};
  if (tip.self_issued()) {
    if (index == 0 && tip.self_signed()) end.fault.problem = CertificateProblem::self_signed;
    end.fault.detail = fmt::format("the path ends at {}, which is not trusted", tip.text());
    return end;
  }
  end.fault.detail = fmt::format("the path ends at {}: its issuer {} is neither trusted nor among what was sent",
                                 tip.text(), tip.issuer().text());
  // Whether a missing issuer is a foreign CA or an intermediate of ours that was not sent cannot be known; one of the
  // same organization as an anchor is taken for ours.
  if (shares_organization(tip.issuer(), trust_)) end.fault.problem = CertificateProblem::incomplete_chain;
  return end;
}

}  // namespace symbolon::x509
