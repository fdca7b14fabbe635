#include "enroll/credential.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "crypto/digest.h"
#include "x509/request.h"

namespace symbolon::enroll {

namespace {

using Credential = std::shared_ptr<const tls::Credential>;

constexpr Seconds kShortestRetry = kMinute;
constexpr Seconds kLongestRetry = kHour;

// The first line of the file: tells for which wish it was made.
std::string mark_of(const CredentialWish& wish) {
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}", wish.profile, fmt::join(wish.names, "\n"), wish.common_name.value_or(""),
                  wish.lifetime ? to_text(*wish.lifetime) : "", crypto::name(wish.key_type));
  return fmt::format("symbolon credential for {}\n", to_hex(crypto::sha256(as_bytes(text))));
}

bool holds_now(const x509::Certificate& leaf, UnixSeconds now) {
  return leaf.validity().not_before <= now && now <= leaf.validity().not_after;
}

// Does the authority still stand by it? One that it does not know (a new ledger) is of no use either; when it cannot be
// asked, the certificate's own dates decide.
bool stands(const x509::Certificate& leaf, AuthorityClient& authority) {
  const auto details = authority.show(leaf.fingerprint().hex());
  if (!details) return details.error().code != Code::not_found;
  return details->summary.state == api::CertificateState::issued;
}

UnixSeconds retry_time(const x509::Certificate& leaf, UnixSeconds now) {
  const Seconds tenth{(leaf.validity().not_after - now).count / 10};
  return now + std::clamp(tenth, kShortestRetry, kLongestRetry);
}

Result<Credential> issue_new(const CredentialWish& wish, AuthorityClient& authority) {
  auto key = TRY(crypto::PrivateKey::generate(wish.key_type));
  const auto request = TRY(x509::make_request(key, x509::DistinguishedName(), {}));
  const api::IssueRequest question{.profile = wish.profile,
                                   .csr = request.pem(),
                                   .names = wish.names,
                                   .common_name = wish.common_name,
                                   .lifetime = wish.lifetime,
                                   .issuer = {}};
  const api::IssueAnswer answer = TRY(authority.issue(question, to_hex(crypto::random_bytes(16))));
  const std::string certificates = answer.certificate + answer.chain;
  auto chain = TRY(x509::Certificate::from_pem(certificates, "the authority's answer"));
  const Secret key_pem = TRY(key.to_pem());
  Credential made = TRY(tls::Credential::make(std::move(chain), std::move(key)));

  if (auto folder = make_folder(wish.file.parent_path(), 0700); !folder) return std::unexpected(folder.error());
  std::string content = mark_of(wish);
  content.append(key_pem.reveal());
  content.append(certificates);
  auto written = write_file(wish.file, content, {.mode = 0600, .existing = Existing::replace});
  explicit_bzero(content.data(), content.size());
  if (!written) return std::unexpected(written.error());
  return made;
}

}  // namespace

UnixSeconds renewal_time(const x509::Certificate& leaf) {
  const auto& [from, to] = leaf.validity();
  const Seconds life = to - from;
  const auto& octets = leaf.fingerprint().octets;
  const std::int64_t share = octets[0] * 256 + octets[1];  // of 65536
  return from + Seconds{life.count * 2 / 3} - Seconds{life.count / 12 * share / 65536};
}

Result<std::optional<Credential>> load_credential(const CredentialWish& wish) {
  auto content = read_private_file(wish.file);
  if (!content && content.error().code == Code::file_missing) return std::optional<Credential>();
  if (!content) return std::unexpected(content.error());
  if (!content->reveal().starts_with(mark_of(wish))) return std::optional<Credential>();
  const std::string file = wish.file.string();
  return std::optional<Credential>(TRY(tls::Credential::load(file, file)));
}

Result<ManagedCredential> keep_fresh(const CredentialWish& wish, AuthorityClient& authority, const Clock& clock) {
  const auto existing = TRY(load_credential(wish));
  const UnixSeconds now = clock.now();
  const bool usable = existing && holds_now((*existing)->leaf(), now) && stands((*existing)->leaf(), authority);
  if (usable && now < renewal_time((*existing)->leaf())) {
    return ManagedCredential{.credential = *existing, .renew_at = renewal_time((*existing)->leaf())};
  }
  auto issued = issue_new(wish, authority);
  if (issued) {
    const UnixSeconds renew_at = renewal_time((*issued)->leaf());
    return ManagedCredential{
        .credential = *std::move(issued), .renew_at = renew_at, .origin = CredentialOrigin::issued};
  }
  if (!usable) return std::unexpected(issued.error());
  return ManagedCredential{.credential = *existing,
                           .renew_at = retry_time((*existing)->leaf(), now),
                           .origin = CredentialOrigin::kept,
                           .problem = issued.error()};
}

}  // namespace symbolon::enroll
