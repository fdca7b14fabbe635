#include "prove/kit_maker.h"

#include <algorithm>
#include <array>

#include "crypto/digest.h"
#include "x509/certificate_template.h"

namespace symbolon::prove {
namespace {

using x509::Certificate;
using x509::CertificateTemplate;
using x509::DistinguishedName;
using x509::Validity;

constexpr auto kKeyType = crypto::KeyType::p256;  // which every server of TLS 1.2 and 1.3 takes
constexpr Seconds kBackdated = kMinute * 5;       // clocks differ
constexpr Seconds kNotYet = kDay * 3650;          // further away than any kit lasts
constexpr std::string_view kAllowedName = "allowed.prove-kit.invalid";
constexpr std::string_view kDeniedName = "denied.prove-kit.invalid";

x509::SerialNumber draw_serial() {
  std::array<std::uint8_t, 16> octets;
  crypto::fill_random(octets);
  octets[0] = static_cast<std::uint8_t>((octets[0] & 0x7fU) | 0x40U);  // 16 octets, positive
  return *x509::SerialNumber::from_magnitude(octets);
}

// Whoever signs: a name, the identifier that its certificates point at, a key.
struct Issuer {
  DistinguishedName name;
  Bytes key_identifier;
  const crypto::Signer& signer;
};

Bytes identifier_of(const Certificate& certificate) {
  if (const auto& subjects = certificate.subject_key_identifier()) return *subjects;
  const auto& own = certificate.public_key().key_identifier();
  return {own.begin(), own.end()};
}

Issuer issuer_of(const KitCa& ca) { return {ca.certificate().subject(), identifier_of(ca.certificate()), ca.signer()}; }

Result<Certificate> sign(CertificateTemplate content, const Issuer& issuer) {
  content.issuer = issuer.name;
  content.authority_key_identifier = issuer.key_identifier;
  const ByteView algorithm = issuer.signer.algorithm_identifier();
  const Bytes tbs = TRY(x509::encode_tbs(content, algorithm));
  const Bytes signature = TRY(issuer.signer.sign(tbs));
  return Certificate::from_der(x509::assemble_certificate(tbs, algorithm, signature));
}

// A CA of the kit's own, which forgets its key when the kit is made.
struct MadeCa {
  Certificate certificate;
  std::unique_ptr<crypto::Signer> signer;
  Issuer issuer() const { return {certificate.subject(), identifier_of(certificate), *signer}; }
};

class Maker {
 public:
  Maker(const KitCa& ca, const KitIdentity& identity, UnixSeconds now) : ca_(ca), identity_(identity), now_(now) {
    usual_.not_before = now - kBackdated;
    usual_.not_after = std::min(now + kKitLifetime, ca.certificate().validity().not_after);
  }

  Result<KitContent> make() {
    TRY(plain("good", "what is to get in", usual_));
    TRY(foreign());
    TRY(self_signed());
    TRY(plain("expired", "ended a day ago", {now_ - kDay * 2, now_ - kDay}));
    TRY(plain("not_yet_valid", "begins in ten years", {now_ + kNotYet, now_ + kNotYet + kDay}));
    TRY(wrong_usage());
    TRY(ca_as_leaf());
    TRY(path_length());
    TRY(name_constraints());
    TRY(plain("revoked", "as the good one, to be revoked", usual_));
    return std::move(out_);
  }

  Result<KitMember> client(std::string id, std::string purpose, const Validity& validity) {
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    auto leaf = TRY(sign(leaf_of(key, validity), issuer_of(ca_)));
    return member(std::move(id), std::move(purpose), std::move(leaf), {}, std::move(key));
  }

 private:
  CertificateTemplate leaf_of(const crypto::PrivateKey& key, const Validity& validity) const {
    return {.serial = draw_serial(),
            .issuer = {},
            .subject = identity_.subject,
            .validity = validity,
            .public_key = key.public_key(),
            .key_usage = x509::digital_signature,
            .extended_key_usage = {std::string(x509::eku::kClientAuth)},
            .subject_alt_names = identity_.names};
  }

  CertificateTemplate ca_of(const crypto::PrivateKey& key, std::string_view name) const {
    CertificateTemplate out = leaf_of(key, usual_);
    out.subject = *DistinguishedName::from_attributes({{"O", "symbolon prove-kit"}, {"CN", std::string(name)}});
    out.ca = true;
    out.key_usage = x509::key_cert_sign | x509::crl_sign;
    out.extended_key_usage = {};
    out.subject_alt_names = {};
    return out;
  }

  // `between`: the kit's own CAs, nearest first; then follow the user's.
  KitMember member(std::string id, std::string purpose, Certificate leaf, std::vector<Certificate> between,
                   crypto::PrivateKey key) const {
    std::vector<Certificate> chain = {std::move(leaf)};
    chain.insert(chain.end(), between.begin(), between.end());
    chain.insert(chain.end(), ca_.chain().begin(), ca_.chain().end());
    return {std::move(id), std::move(purpose), std::move(chain), std::move(key)};
  }

  Status plain(std::string id, std::string purpose, const Validity& validity) {
    auto made = TRY(client(std::move(id), std::move(purpose), validity));
    out_.members.push_back(std::move(made));
    return {};
  }

  // Its name is that of the user's CA. One leaf points at the key of that CA, too, so that only the signature is
  // another's; one points at its own issuer, so that none is found by whoever looks for one.
  Status foreign() {
    auto ca_key = TRY(crypto::PrivateKey::generate(kKeyType));
    CertificateTemplate content = ca_of(ca_key, "Of the same name");
    content.subject = ca_.certificate().subject();
    const auto signer = TRY(crypto::make_signer(std::move(ca_key)));
    const auto& own = signer->public_key().key_identifier();
    const Issuer itself{ca_.certificate().subject(), {own.begin(), own.end()}, *signer};
    const Certificate above = TRY(sign(std::move(content), itself));
    TRY(of_stranger("foreign_ca", "issued by another CA of the same name", above,
                    {itself.name, identifier_of(ca_.certificate()), *signer}));
    return of_stranger("foreign_ca_own_id", "the same, with that CA's own key identifier", above, itself);
  }

  Status of_stranger(std::string id, std::string purpose, const Certificate& above, const Issuer& issuer) {
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    auto leaf = TRY(sign(leaf_of(key, usual_), issuer));
    out_.members.push_back({std::move(id), std::move(purpose), {std::move(leaf), above}, std::move(key)});
    return {};
  }

  Status self_signed() {
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    CertificateTemplate content = leaf_of(key, usual_);
    content.serial = out_.members.front().chain.front().serial();
    const Secret pem = TRY(key.to_pem());
    auto again = TRY(crypto::PrivateKey::from_pem(pem, Secret()));
    const auto signer = TRY(crypto::make_signer(std::move(again)));
    const auto& own = signer->public_key().key_identifier();
    auto leaf = TRY(sign(std::move(content), {identity_.subject, {own.begin(), own.end()}, *signer}));
    out_.members.push_back(
        {"self_signed", "a copy of the good one, signed by itself", {std::move(leaf)}, std::move(key)});
    return {};
  }

  Status wrong_usage() {
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    CertificateTemplate content = leaf_of(key, usual_);
    content.extended_key_usage = {std::string(x509::eku::kServerAuth)};
    auto leaf = TRY(sign(std::move(content), issuer_of(ca_)));
    out_.members.push_back(member("wrong_eku", "for servers only", std::move(leaf), {}, std::move(key)));
    return {};
  }

  Status ca_as_leaf() {
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    CertificateTemplate content = leaf_of(key, usual_);
    content.ca = true;
    content.path_length = 0;
    content.key_usage = x509::key_cert_sign | x509::crl_sign;
    auto leaf = TRY(sign(std::move(content), issuer_of(ca_)));
    out_.members.push_back(
        member("ca_as_leaf", "a CA's own certificate, which signs no handshakes", std::move(leaf), {}, std::move(key)));
    return {};
  }

  Result<MadeCa> intermediate(std::string_view name, const Issuer& above, std::optional<int> length,
                              x509::NameConstraints constraints = {}) {
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    CertificateTemplate content = ca_of(key, name);
    content.path_length = length;
    content.name_constraints = std::move(constraints);
    auto certificate = TRY(sign(std::move(content), above));
    auto signer = TRY(crypto::make_signer(std::move(key)));
    return MadeCa{std::move(certificate), std::move(signer)};
  }

  Status path_length() {
    const MadeCa last = TRY(intermediate("Last of its path", issuer_of(ca_), 0));
    const MadeCa below = TRY(intermediate("One too many", last.issuer(), std::nullopt));
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    auto leaf = TRY(sign(leaf_of(key, usual_), below.issuer()));
    out_.members.push_back(member("path_length", "issued by a CA below one that may have none below it",
                                  std::move(leaf), {below.certificate, last.certificate}, std::move(key)));
    return {};
  }

  Status name_constraints() {
    if (const auto& length = ca_.certificate().basic_constraints().path_length; length == 0) {
      out_.omissions.push_back(
          {"name_constraints", "the CA may have none below it (pathlen:0), so its own path length would refuse this"});
      return {};
    }
    auto constraints = TRY(x509::NameConstraints::parse({"dns:" + std::string(kAllowedName)}, {}));
    const MadeCa bound = TRY(intermediate("Bound to one name", issuer_of(ca_), 0, std::move(constraints)));
    auto key = TRY(crypto::PrivateKey::generate(kKeyType));
    CertificateTemplate content = leaf_of(key, usual_);
    content.subject_alt_names.push_back(TRY(x509::GeneralName::dns(kDeniedName)));
    auto leaf = TRY(sign(std::move(content), bound.issuer()));
    out_.members.push_back(member("name_constraints", "holds a name that its CA may not certify", std::move(leaf),
                                  {bound.certificate}, std::move(key)));
    return {};
  }

  const KitCa& ca_;
  const KitIdentity& identity_;
  UnixSeconds now_;
  Validity usual_;
  KitContent out_;
};

Status may_sign(const Certificate& certificate, UnixSeconds now) {
  if (!certificate.is_ca()) return fail(Code::bad_request, "{} is no CA", certificate.text());
  const auto usage = certificate.key_usage();
  if (usage && (*usage & x509::key_cert_sign) == 0) {
    return fail(Code::bad_request, "{} may not sign certificates (keyUsage)", certificate.text());
  }
  const auto& end = certificate.validity().not_after;
  if (end < now) return fail(Code::ca_expired, "{} ended at {}", certificate.text(), to_rfc3339(end));
  return {};
}

}  // namespace

Result<KitCa> KitCa::open(std::string_view certificates, std::string_view where, const Secret& key,
                          const Secret& passphrase, UnixSeconds now) {
  auto chain = TRY(Certificate::from_file_content(certificates, where));
  auto opened = TRY(crypto::PrivateKey::from_pem(key, passphrase));
  const auto own =
      std::ranges::find_if(chain, [&](const Certificate& one) { return opened.belongs_to(one.public_key()); });
  if (own == chain.end()) return fail_at(std::string(where), Code::key_mismatch, "the key is of no certificate in it");
  std::rotate(chain.begin(), own, own + 1);
  TRY(may_sign(chain.front(), now));
  auto signer = TRY(crypto::make_signer(std::move(opened)));
  return KitCa(std::move(chain), std::move(signer));
}

Result<KitContent> make_kit(const KitCa& ca, const KitIdentity& identity, UnixSeconds now) {
  return Maker(ca, identity, now).make();
}

Result<KitMember> make_short_lived(const KitCa& ca, const KitIdentity& identity, UnixSeconds now,
                                   UnixSeconds not_after) {
  return Maker(ca, identity, now).client("short_lived", "ends while it is watched", {now - kBackdated, not_after});
}

}  // namespace symbolon::prove
