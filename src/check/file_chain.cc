#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "check/file_findings.h"
#include "check/file_words.h"
#include "x509/fetch_places.h"
#include "x509/issuing_chain.h"
#include "x509/path_library.h"

namespace symbolon::check {
namespace {

using x509::Certificate;
using P = CertificateProblem;

constexpr std::size_t kMostChains = 20;  // that are looked at; a bundle of hundreds of CAs has none

// Where a certificate stands first.
const FileObject* object_of(const FileObservation& seen, const Certificate& certificate) {
  const auto found = std::ranges::find_if(seen.objects, [&](const FileObject& object) {
    const auto* const one = object.get<Certificate>();
    return one != nullptr && *one == certificate;
  });
  return found == seen.objects.end() ? nullptr : &*found;
}

// Leaves; where there are none, CAs that are not roots and have issued none of the others, as their names say.
std::vector<Certificate> lowest(const std::vector<Certificate>& all) {
  std::vector<Certificate> out;
  const auto add = [&](const Certificate& one) {
    if (out.size() < kMostChains && std::ranges::find(out, one) == out.end()) out.push_back(one);
  };
  for (const Certificate& one : all) {
    if (!one.is_ca()) add(one);
  }
  if (!out.empty()) return out;
  for (const Certificate& one : all) {
    const bool above = std::ranges::any_of(
        all, [&](const Certificate& other) { return !(other == one) && other.issuer() == one.subject(); });
    if (!above && !one.self_issued()) add(one);
  }
  return out;
}

class ChainJudge {
 public:
  ChainJudge(FileJudgement& judgement, const std::vector<Certificate>& all) : judgement_(judgement), all_(all) {
    others_ = all;
    if (judgement.trust != nullptr) {
      const auto& anchors = judgement.trust->anchors();
      others_.insert(others_.end(), anchors.begin(), anchors.end());
    }
  }

  void judge(const Certificate& start) {
    FileChain chain{.certificates = x509::issuing_chain(start, others_)};
    const Certificate top = chain.certificates.back();
    const bool ends = top.self_signed();
    chain.end = ends ? FileChain::End::self_signed : FileChain::End::issuer_missing;
    const bool forged = !ends && judge_forgery(top);
    if (judgement_.trust != nullptr) {
      chain.end = verify(start, chain, *judgement_.trust) ? FileChain::End::trusted : FileChain::End::refused;
    } else {
      judge_without_trust(start, chain, forged);
    }
    judgement_.report.chains.push_back(std::move(chain));
  }

 private:
  // Somebody of its issuer's name is here, and did not sign it.
  bool judge_forgery(const Certificate& top) {
    const auto named = std::ranges::find_if(others_, [&](const Certificate& one) {
      return one.subject() == top.issuer() && (!(one == top) || !other_keys(top));
    });
    const FileObject* const object = object_of(judgement_.seen, top);
    if (named == others_.end() || object == nullptr) return false;
    judgement_.find(
        *object, certificate_code(role_of(top), P::bad_signature),
        fmt::format("it says that {} issued it; no certificate of that name here has the key that signed it",
                    top.issuer().text()),
        "look for the CA's certificate with the right key (a CA that was made anew has another one); if "
        "there is none, somebody changed this certificate");
    return true;
  }
  // A self-issued certificate may be signed with another key of its CA (RFC 5280 §3.2).
  static bool other_keys(const Certificate& top) {
    return top.authority_key_identifier() && top.authority_key_identifier() != top.subject_key_identifier();
  }

  void judge_without_trust(const Certificate& start, const FileChain& chain, bool forged) {
    const Certificate& top = chain.certificates.back();
    const FileObject& object = *object_of(judgement_.seen, start);
    if (!start.is_ca() && chain.certificates.size() == 1 && top.self_signed()) {
      judgement_.find(object, certificate_code(role_of(start), P::self_signed),
                      "it is its own issuer, so whoever is to accept it must have this very certificate",
                      "use one that a CA issued, or give this one to every peer as its CA");
      return;
    }
    if (chain.certificates.size() > 1) verify_below(start, chain);
    if (top.self_signed() || forged) return;
    const bool gap = has_gap(object, chain);
    if (gap) {
      judgement_.find(object, certificate_code(role_of(start), P::incomplete_chain),
                      fmt::format("{} was issued by {}, whose certificate is not here, though those of other CAs are",
                                  top.text(), top.issuer().text()),
                      fetch_remedy(top), Certainty::likely);
    } else {
      judgement_.note(fmt::format("{}: its chain ends at {}, issued by {}, which is not here; --ca FILE names it",
                                  place_of(judgement_.seen, object), top.text(), top.issuer().text()));
    }
  }

  // CA certificates stand in the same file, and not all of them above it.
  bool has_gap(const FileObject& object, const FileChain& chain) const {
    return std::ranges::any_of(judgement_.seen.objects, [&](const FileObject& other) {
      const auto* const ca = other.get<Certificate>();
      return ca != nullptr && other.file == object.file && ca->is_ca() &&
             std::ranges::find(chain.certificates, *ca) == chain.certificates.end();
    });
  }

  static std::string fetch_remedy(const Certificate& top) {
    const auto urls = x509::issuer_urls(top);
    if (urls.empty()) return fmt::format("add the certificate of {} behind it", top.issuer().text());
    return fmt::format("curl -s {} | openssl x509 -inform DER >> chain.pem", shell_word(urls.front()));
  }

  // As the gateway would. False: refused.
  bool verify(const Certificate& start, const FileChain& chain, const x509::TrustBundle& trust) {
    if (start.is_ca()) {
      const bool reaches =
          std::ranges::any_of(chain.certificates, [&](const Certificate& one) { return trust.contains(one); });
      if (!reaches) {
        judgement_.find(*object_of(judgement_.seen, start), Code::ca_chain_broken,
                        fmt::format("no path leads from it to the CAs of {}", trust.where()),
                        "name the CA that is above it with --ca, or give the certificates between them too");
      }
      return reaches;
    }
    const auto result = x509::verify_path(presented(start), trust, options_for(start));
    if (result) return true;
    find_failure(start, result.error(), fmt::format("by the CAs of {}: {}", trust.where(), result.error().detail));
    return false;
  }

  // What can be said without knowing whom to trust: would the path hold if its upper end were trusted?
  void verify_below(const Certificate& start, const FileChain& chain) {
    if (start.is_ca()) return;
    const auto trust = x509::TrustBundle::for_report({chain.certificates.back()}, judgement_.now, "the chain's end");
    if (!trust) return;
    const std::vector<Certificate> path(chain.certificates.begin(), chain.certificates.end());
    const auto result = x509::verify_path(path, *trust, options_for(start));
    if (!result) find_failure(start, result.error(), result.error().detail);
  }

  x509::PathOptions options_for(const Certificate& leaf) const {
    x509::PathOptions options;
    options.at = judgement_.now;
    options.role = role_of(leaf);
    options.depth = static_cast<int>(x509::PathLimits::kCertificates);
    const auto& purposes = leaf.extended_key_usage();
    const std::string_view wanted = options.role == PeerRole::server ? x509::eku::kServerAuth : x509::eku::kClientAuth;
    // That it is for something else was said where its usage was looked at.
    if (!purposes.empty() && std::ranges::find(purposes, wanted) == purposes.end()) {
      options.required_eku = {std::string(x509::eku::kAny)};
    }
    return options;
  }

  std::vector<Certificate> presented(const Certificate& start) const {
    std::vector<Certificate> out{start};
    for (const Certificate& one : all_) {
      if (out.size() == x509::PathLimits::kPresentedCertificates) break;
      if (!(one == start) && one.is_ca()) out.push_back(one);
    }
    return out;
  }

  // Unless it was found already where the certificate was looked at by itself.
  void find_failure(const Certificate& start, const x509::PathFailure& failure, std::string words) {
    const bool of_itself = failure.problem == P::expired || failure.problem == P::not_yet_valid ||
                           failure.problem == P::issuer_expired || failure.problem == P::issuer_not_yet_valid ||
                           failure.problem == P::weak_key || failure.problem == P::weak_signature ||
                           failure.problem == P::wrong_key_usage;
    const FileObject* const blamed = failure.certificate ? object_of(judgement_.seen, *failure.certificate) : nullptr;
    if (of_itself && blamed != nullptr) return;
    const auto same = [&](const FileFinding& one) { return one.finding.code == failure.code; };
    if (std::ranges::any_of(judgement_.report.findings, same) && failure.problem == P::bad_signature) return;
    judgement_.find(blamed != nullptr ? *blamed : *object_of(judgement_.seen, start), failure.code, std::move(words),
                    failure_remedy(failure));
  }

  static std::string failure_remedy(const x509::PathFailure& failure) {
    switch (failure.problem) {
      case P::untrusted_issuer: return "use a certificate of these CAs, or name the CA that issued it with --ca";
      case P::self_signed: return "use a certificate of these CAs, or name this one with --ca";
      case P::incomplete_chain: return failure.path.empty() ? std::string() : fetch_remedy(failure.path.back());
      default: return {};
    }
  }

  FileJudgement& judgement_;
  const std::vector<Certificate>& all_;
  std::vector<Certificate> others_;
};

// -- the order in a file that one would hand to a server

std::string order_remedy(const FileJudgement& judgement, const std::vector<const FileObject*>& order) {
  std::string pieces;
  for (const FileObject* const object : order) {
    pieces +=
        fmt::format("sed -n {},{}p {}; ", object->line, object->last_line, shell_word(judgement.file_name(*object)));
  }
  return fmt::format("{{ {}}} > chain.pem", pieces);
}

// RFC 8446 §4.4.2: "The sender's certificate MUST come in the first CertificateEntry in the list. Each following
// certificate SHOULD directly certify the one immediately preceding it."
void judge_order(FileJudgement& judgement, std::size_t file) {
  std::vector<const FileObject*> stands;
  std::vector<Certificate> certificates;
  for (const FileObject& object : judgement.seen.objects) {
    const auto* const one = object.get<Certificate>();
    if (object.file != file || one == nullptr) continue;
    if (std::ranges::find(certificates, *one) != certificates.end()) continue;
    stands.push_back(&object);
    certificates.push_back(*one);
  }
  const auto is_leaf = [](const Certificate& one) { return !one.is_ca(); };
  if (certificates.size() < 2 || std::ranges::count_if(certificates, is_leaf) != 1) return;
  const Certificate leaf = *std::ranges::find_if(certificates, is_leaf);
  std::vector<const FileObject*> order;
  for (const Certificate& one : x509::issuing_chain(leaf, certificates)) {
    const auto at = std::ranges::find(certificates, one);
    order.push_back(stands[static_cast<std::size_t>(at - certificates.begin())]);
  }
  const auto is_in_chain = [&](const FileObject* one) { return std::ranges::find(order, one) != order.end(); };
  const std::size_t surplus = stands.size() - static_cast<std::size_t>(std::ranges::count_if(stands, is_in_chain));
  const bool right = std::equal(order.begin(), order.end(), stands.begin());
  if (right) {
    if (surplus != 0) {
      judgement.note(fmt::format("{}: {} of its certificates do not stand above the first one",
                                 place_of(judgement.seen.files[file]), surplus));
    }
    return;
  }
  std::vector<std::string> names;
  for (const FileObject* const object : order) {
    names.push_back(fmt::format("{} (line {})", object->get<Certificate>()->subject().text(), object->line));
  }
  judgement.find(*stands.front(), certificate_code(role_of(leaf), P::chain_order),
                 fmt::format("they are to stand like this: {}", fmt::join(names, ", then ")),
                 order_remedy(judgement, order));
}

}  // namespace

void judge_chains(FileJudgement& judgement) {
  const std::vector<Certificate> all = judgement.seen.certificates();
  ChainJudge judge(judgement, all);
  for (const Certificate& start : lowest(all)) judge.judge(start);
  for (std::size_t file = 0; file < judgement.seen.files.size(); ++file) {
    if (judgement.seen.files[file].form == "PEM") judge_order(judgement, file);
  }
}

}  // namespace symbolon::check
